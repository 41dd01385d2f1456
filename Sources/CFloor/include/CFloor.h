// The floor: the least that entry and owner together must do for each packet, in C and without any
// of the care that Weft takes. What Weft costs is told as a multiple of this.

#ifndef WEFT_FLOOR_H
#define WEFT_FLOOR_H

#include <stddef.h>
#include <stdint.h>

/// Bytes that a frame needs free before it, and the bytes of a frame that may be touched whatever
/// its length.
enum { weft_floor_headroom = 50, weft_floor_least = 64 };

/// Fills the tables of services and slots. Call it once, before anything else.
void weft_floor_prepare(void);

/// Chooses a task for each of `count` frames and wraps it; `offsets` say where in `arena` they lie.
void weft_floor_enter(uint8_t *arena, const uint32_t *offsets, size_t count);

/// Unwraps each frame and rewrites it for the task.
void weft_floor_deliver(uint8_t *arena, const uint32_t *offsets, size_t count);

/// A sum over all that was counted, so that nothing can be left out.
uint64_t weft_floor_check(void);

#endif
