#define _GNU_SOURCE
#include "CShims.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void ocm_return_large_buffers(void) {
    // Setting either ends glibc's own adjustment of both.
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
}

void ocm_return_free_memory(void) {
    malloc_trim(0);
}

void *ocm_secret_allocate(size_t count) {
    void *memory = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // What Swift does where there is no memory.
    if (memory == MAP_FAILED)
        abort();
    // Each does what it can; none of them is a reason to have no login.
    madvise(memory, count, MADV_DONTDUMP);
    madvise(memory, count, MADV_WIPEONFORK);
    mlock(memory, count);
    return memory;
}

void ocm_secret_release(void *memory, size_t count) {
    explicit_bzero(memory, count);
    munmap(memory, count);
}
