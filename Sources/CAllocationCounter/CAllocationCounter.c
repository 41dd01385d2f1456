// The entry points of glibc's allocator, counted and passed on to glibc's own names for them.
//
// Invariant: nothing here allocates, and only a thread that watches is counted, so tests that run
// beside it do not disturb the count.

#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

// Initial-exec: the thread's storage is set aside with the thread, not by a first allocation.
#define OWN static __thread __attribute__((tls_model("initial-exec")))
OWN int watching;
OWN uint64_t count;

void weft_allocations_watch(int is_watching) { watching = is_watching; }
uint64_t weft_allocations_count(void) { return count; }

void *malloc(size_t size) {
    count += watching != 0;
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count += watching != 0;
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count += watching != 0;
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count += watching != 0;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *taken = memalign(alignment, size);
    if (taken == NULL) return ENOMEM;
    *memory = taken;
    return 0;
}

void weft_allocations_canary(void) {
    void *volatile memory = malloc(64);
    free(memory);
}
