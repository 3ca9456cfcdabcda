// Loaded before a program's libraries (LD_PRELOAD), has its connections come from the address in FROM_ADDRESS.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

int connect(int descriptor, const struct sockaddr *to, socklen_t length) {
    static int (*next)(int, const struct sockaddr *, socklen_t);
    const char *text = getenv("FROM_ADDRESS");
    struct sockaddr_in from = {.sin_family = AF_INET};
    if (!next)
        next = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
    if (text && to->sa_family == AF_INET && inet_pton(AF_INET, text, &from.sin_addr) == 1) {
        // The port is chosen at connect, when the destination is known: else there are no more than 28000 in all.
        const int on = 1;
        setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        bind(descriptor, (struct sockaddr *)&from, sizeof from);
    }
    return next(descriptor, to, length);
}
