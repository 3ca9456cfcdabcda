#include "CShims.h"

#include <unistd.h>

int ocm_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t cookie) {
    struct epoll_event event = {.events = events, .data.u64 = cookie};
    return epoll_ctl(epoll, operation, fd, &event);
}

int ocm_watch_room(int fd) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        return -1;
    if (ocm_epoll_ctl(epoll, EPOLL_CTL_ADD, fd, EPOLLOUT, 0) == 0)
        return epoll;
    close(epoll);
    return -1;
}

int ocm_has_room(int watch) {
    struct epoll_event event;
    return epoll_wait(watch, &event, 1, 0) == 1;
}
