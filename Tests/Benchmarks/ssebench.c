// ssebench: a mock upstream that streams server-sent events over HTTP/1.1, and a client that loads a proxy before it.
//
//   ssebench up PORT EVENTS DELTA_BYTES INTERVAL_US
//   ssebench cl PORT CONNECTIONS SECONDS TOKEN BODY_BYTES

#define _GNU_SOURCE
#include "ssebench.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char letters[PADDING_MAX + 1];

const char *padding(void) { return letters; }

uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void make_nonblocking(int descriptor) {
    const int on = 1;
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int write_all(int descriptor, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written >= 0) {
            bytes += written;
            count -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd writable = {.fd = descriptor, .events = POLLOUT};
            poll(&writable, 1, 1000);
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

void die(const char *what) {
    perror(what);
    exit(1);
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    memset(letters, 'a', PADDING_MAX);
    if (count == 6 && !strcmp(arguments[1], "up"))
        serve((struct upstream_options){
            .port = (uint16_t)atoi(arguments[2]),
            .events = atoi(arguments[3]),
            .delta_bytes = atoi(arguments[4]),
            .interval_ns = strtoull(arguments[5], NULL, 10) * 1000,
        });
    if (count == 7 && !strcmp(arguments[1], "cl")) {
        generate_load((struct client_options){
            .port = (uint16_t)atoi(arguments[2]),
            .connections = atoi(arguments[3]),
            .seconds = atof(arguments[4]),
            .token = arguments[5],
            .body_bytes = atoi(arguments[6]),
        });
        return 0;
    }
    fprintf(stderr, "usage: %s up PORT EVENTS DELTA_BYTES INTERVAL_US | cl PORT CONNECTIONS SECONDS TOKEN BODY_BYTES\n",
            arguments[0]);
    return 64;
}
