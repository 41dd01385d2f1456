// Counts heap allocations of the whole process, by standing in for the C allocator's entry points.
// Linked by tests and benchmarks only. Swift allocates through these, so a release build that
// counts none in a stretch of code allocates none there.

#ifndef WEFT_ALLOCATION_COUNTER_H
#define WEFT_ALLOCATION_COUNTER_H

#include <stdint.h>

/// Starts and stops counting for the calling thread; other threads are never counted.
void weft_allocations_watch(int is_watching);

/// Allocations counted in the calling thread so far.
uint64_t weft_allocations_count(void);

/// Takes memory and gives it back: what a test calls to see that counting works.
void weft_allocations_canary(void);

#endif
