// Chance that a seed repeats, so that one number in a failure is all it takes to see it again.
// SplitMix64 (Steele, Lea and Flood, 2014): small, and the same on every machine.

import Wire

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func port() -> Port { Port(UInt16(truncatingIfNeeded: next())) }

    /// An address that a client may have: 203.0.0.0/8 or 2001:db8:3::/64.
    mutating func client(isIPv6: Bool) -> IPAddress {
        isIPv6
            ? .v6(IPv6Address(high: 0x2001_0db8_0003_0000, low: next()))
            : .v4(IPv4Address(rawValue: 0xcb00_0000 | UInt32(truncatingIfNeeded: next()) >> 8))
    }
}
