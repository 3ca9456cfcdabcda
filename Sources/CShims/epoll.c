#include "CShims.h"

int ocm_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t cookie) {
    struct epoll_event event = {.events = events, .data.u64 = cookie};
    return epoll_ctl(epoll, operation, fd, &event);
}
