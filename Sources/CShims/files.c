#define _GNU_SOURCE
#include "CShims.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// glibc's fstat may be newfstatat(2), which a process without access to files is better off without.
int ocm_file_kind(int fd, mode_t *mode, int64_t *size) {
    struct stat status;
    if (syscall(SYS_fstat, fd, &status) < 0)
        return -1;
    *mode = status.st_mode;
    *size = status.st_size;
    return 0;
}

int ocm_close_from(int first) { return (int)syscall(SYS_close_range, first, ~0U, 0); }

int ocm_reserve(int fd, size_t count) {
    int result;
    do
        result = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)count);
    while (result < 0 && errno == EINTR);
    return result < 0 && errno == EOPNOTSUPP ? 0 : result;
}

int ocm_rename_new(const char *from, const char *to) {
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1;
    return link(from, to) == 0 ? unlink(from) : -1;
}
