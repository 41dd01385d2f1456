// The one clock of the command: monotonic, in nanoseconds. Nothing below the command reads a clock;
// what must measure itself is given this one.

import Glibc

enum Clock {
    static func nanoseconds() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
