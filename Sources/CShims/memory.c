#include "CShims.h"

#include <malloc.h>

void ocm_return_large_buffers(void) {
    // Setting either ends glibc's own adjustment of both.
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
}

void ocm_return_free_memory(void) {
    malloc_trim(0);
}
