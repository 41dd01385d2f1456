// The one instruction that Swift has no word for: asking for a cache line before it is wanted. Reads
// nothing and cannot fault, whatever the address.

#ifndef WEFT_PREFETCH_H
#define WEFT_PREFETCH_H

#include <stdint.h>

static inline __attribute__((always_inline)) void weft_prefetch(uintptr_t address) {
    __builtin_prefetch((const void *)address);
}

#endif
