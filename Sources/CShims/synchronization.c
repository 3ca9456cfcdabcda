#define _GNU_SOURCE
#include "CShims.h"

#include <linux/aio_abi.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

int ocm_aio_setup(unsigned capacity, uint64_t *context) {
    aio_context_t made = 0;
    if (syscall(SYS_io_setup, capacity, &made) < 0) return -1;
    *context = made;
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

int ocm_aio_synchronize(uint64_t context, int fd, int eventfd, uint64_t cookie) {
    struct iocb order;
    memset(&order, 0, sizeof order);
    order.aio_lio_opcode = IOCB_CMD_FSYNC;
    order.aio_fildes = (uint32_t)fd;
    order.aio_flags = IOCB_FLAG_RESFD;
    order.aio_resfd = (uint32_t)eventfd;
    order.aio_data = cookie;
    struct iocb *orders[] = {&order};
    long submitted;
    do
        submitted = syscall(SYS_io_submit, (aio_context_t)context, 1L, orders);
    while (submitted < 0 && errno == EINTR);
    return submitted == 1 ? 0 : -1;
}

int ocm_aio_completed(uint64_t context, uint64_t *cookie, int64_t *result) {
    struct io_event event;
    struct timespec now = {0, 0};
    if (syscall(SYS_io_getevents, (aio_context_t)context, 0L, 1L, &event, &now) != 1) return 0;
    *cookie = event.data;
    *result = event.res;
    return 1;
}
