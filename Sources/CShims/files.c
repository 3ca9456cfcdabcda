#define _GNU_SOURCE
#include "CShims.h"

#include <fcntl.h>

int ocm_reserve(int fd, size_t count) {
    int result;
    do
        result = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)count);
    while (result < 0 && errno == EINTR);
    return result < 0 && errno == EOPNOTSUPP ? 0 : result;
}
