// The clocks of the command, in nanoseconds. Nothing below the command reads a clock; what must measure
// itself is given one of these.

import Glibc

enum Clock {
    /// Time that passes, whatever the machine does meanwhile.
    static func nanoseconds() -> UInt64 { read(CLOCK_MONOTONIC) }

    /// Time that the calling thread had a processor: what others take of a busy machine is left out,
    /// except for what they do to its caches. Reading it is a system call.
    static func processorNanoseconds() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// The least that lies between two readings of a clock.
    static func overhead(_ clock: () -> UInt64) -> UInt64 {
        var least = UInt64.max
        for _ in 0..<1_000 {
            let start = clock()
            least = min(least, clock() &- start)
        }
        return least
    }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
