// The printing half of `AddressText`.

import Wire

extension AddressText {
    public static func format(_ address: IPv4Address) -> String {
        let value = address.rawValue
        return "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)"
    }

    /// RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups
    /// (the first of equals) shortened to `::`.
    public static func format(_ address: IPv6Address) -> String {
        let groups = (0..<8).map { index in
            let half = index < 4 ? address.high : address.low
            return UInt16(truncatingIfNeeded: half >> UInt64(48 - index % 4 * 16))
        }
        let run = longestZeroRun(groups)
        guard run.count >= 2 else { return join(groups[...]) }
        return join(groups[..<run.lowerBound]) + "::" + join(groups[run.upperBound...])
    }

    public static func format(_ address: IPAddress) -> String {
        switch address {
        case .v4(let address): format(address)
        case .v6(let address): format(address)
        }
    }

    public static func format(_ address: MACAddress) -> String {
        (0..<6).map { index in
            let byte = address.rawValue >> UInt64(40 - index * 8) & 0xff
            return byte < 16 ? "0" + String(byte, radix: 16) : String(byte, radix: 16)
        }.joined(separator: ":")
    }

    public static func format(_ prefix: IPv4Prefix) -> String {
        "\(format(prefix.address))/\(prefix.length)"
    }

    public static func format(_ prefix: IPv6Prefix) -> String {
        "\(format(prefix.address))/\(prefix.length)"
    }

    private static func join(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }
}
