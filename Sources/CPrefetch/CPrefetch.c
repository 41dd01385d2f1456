// A target needs a source file; all there is stands in the header, so that it becomes one instruction.

#include "prefetch.h"
