// What the tests of Wire share: chance that a seed repeats, and bytes to write into and read from.
// SplitMix64 (Steele, Lea and Flood, 2014): small, and the same on every machine.

import Wire

/// SplitMix64, so that one number repeats any failure.
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

    mutating func value<T: FixedWidthInteger>(_: T.Type = T.self) -> T {
        T(truncatingIfNeeded: next())
    }

    mutating func ipv4() -> IPv4Address { IPv4Address(rawValue: value()) }
    mutating func ipv6() -> IPv6Address { IPv6Address(high: next(), low: next()) }
    mutating func mac() -> MACAddress { MACAddress(rawValue: next()) }
    mutating func port() -> Port { Port(value()) }

    mutating func addresses(isIPv6: Bool) -> AddressPair {
        isIPv6
            ? .v6(source: ipv6(), destination: ipv6()) : .v4(source: ipv4(), destination: ipv4())
    }
}

extension [UInt8] {
    /// The bytes that hexadecimal digits stand for.
    init(hex: some StringProtocol) {
        let digits = hex.compactMap(\.hexDigitValue)
        self = stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    /// `headerByteCount` bytes for `write` to fill, and the payload behind them.
    init(
        _ headerByteCount: Int, before payload: [UInt8] = [],
        write: (inout MutableRawSpan) -> Void
    ) {
        // Ones, so that a field which is not written shows.
        self = [UInt8](repeating: 0xff, count: headerByteCount) + payload
        edit(write)
    }

    mutating func edit(_ body: (inout MutableRawSpan) -> Void) {
        var bytes = mutableSpan
        var raw = bytes.raw
        body(&raw)
    }
}
