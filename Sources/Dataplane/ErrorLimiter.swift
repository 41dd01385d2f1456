// A token bucket for the ICMP errors that a node sends (RFC 4443, section 2.4 (f); RFC 1812,
// section 4.3.2.8). Invariant: never more than `Limits.errorBurst` at once, nor more than
// `Limits.errorRatePerSecond` in the long run.

struct ErrorLimiter {
    private var tokens = Limits.errorBurst
    /// When the tokens were last counted, in nanoseconds.
    private var counted: UInt64 = 0

    /// Takes a token; false when there is none. `now` in nanoseconds.
    mutating func admit(now: UInt64) -> Bool {
        let interval = 1_000_000_000 / Limits.errorRatePerSecond
        let earned = (now > counted ? now - counted : 0) / interval
        if earned > 0 {
            tokens = min(Limits.errorBurst, tokens + min(earned, Limits.errorBurst))
            counted = now
        }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }
}
