// What Swift cannot ask by itself: the processor's counters, a file without a name, the revision built.
// Everything here takes and returns plain numbers.

#ifndef WEFT_MACHINE_H
#define WEFT_MACHINE_H

#include <stdint.h>

/// Opens counters of the calling thread's cycles and instructions outside the kernel, stopped.
/// Zero, or the errno that says why this machine does not show them.
int weft_counters_open(void);
/// Starts them, or stops them if they run. Zero, so that it can stand in for a clock.
uint64_t weft_counters_toggle(void);
/// Counted while they ran since the opening.
uint64_t weft_counters_cycles(void);
uint64_t weft_counters_instructions(void);
void weft_counters_close(void);

/// A character of the source's revision as the Makefile found it; zero at its end, which comes at
/// once where the program was built without.
char weft_build_revision(unsigned index);

/// A descriptor of an empty file without a name in `directory`, or in memory where that cannot be,
/// closed on exec; -1 with errno where there is neither.
int weft_temporary_file(const char *directory);

#endif
