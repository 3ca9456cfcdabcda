#define _GNU_SOURCE
#include "CShims.h"

#include <string.h>
#include <unistd.h>

int ocm_journal_connect(int fd) {
    static const struct sockaddr_un journal = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    return connect(fd, (const struct sockaddr *)&journal, sizeof journal);
}

int ocm_journal_open(void) {
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    // As much as the system lets it have: records wait here while the journal is busy.
    const int room = 8 << 20;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (ocm_journal_connect(fd) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

// What no datagram holds is passed as a file (the protocol's way).
static int send_large(int fd, const char *record, size_t count) {
    int file = ocm_sealed_memfd("ocm-log", record, count);
    if (file < 0)
        return -1;
    ssize_t sent = ocm_send_packet(fd, NULL, 0, &file, 1);
    close(file);
    return sent < 0 ? -1 : 0;
}

size_t ocm_journal_send(int fd, const void *bytes, const size_t *ends, size_t count) {
    enum { BATCH = 32 };
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
    size_t sent = 0;
    while (sent < count) {
        unsigned batch = 0;
        for (; batch < BATCH && sent + batch < count; batch++) {
            size_t index = sent + batch, start = index ? ends[index - 1] : 0;
            parts[batch] = (struct iovec){.iov_base = (char *)bytes + start, .iov_len = ends[index] - start};
            messages[batch] = (struct mmsghdr){.msg_hdr = {.msg_iov = &parts[batch], .msg_iovlen = 1}};
        }
        int done = sendmmsg(fd, messages, batch, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (done > 0) {
            sent += (size_t)done;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EMSGSIZE || send_large(fd, parts[0].iov_base, parts[0].iov_len) < 0)
            break;
        sent++;
    }
    return sent;
}
