// Addresses and prefixes as people write them, in both directions.
//
// Invariant: what is printed reads back as the same value. IPv6 is printed as RFC 5952 says and
// read as RFC 4291 section 2.2 allows; IPv4 is four decimal numbers without leading zeros, since
// some readers take those for octal.

import Wire

public enum AddressText {
    public static func ipv4(_ text: some StringProtocol) -> IPv4Address? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let byte = decimal(part, max: 255) else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return IPv4Address(rawValue: value)
    }

    public static func ipv6(_ text: some StringProtocol) -> IPv6Address? {
        let halves = split(text)
        guard halves.count <= 2, let head = groups(halves[0], mayEndInIPv4: halves.count == 1)
        else { return nil }
        guard halves.count == 2 else { return head.count == 8 ? address(head) : nil }
        guard let tail = groups(halves[1], mayEndInIPv4: true), head.count + tail.count <= 7
        else { return nil }
        return address(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    public static func ip(_ text: some StringProtocol) -> IPAddress? {
        if let address = ipv4(text) { return .v4(address) }
        return ipv6(text).map { .v6($0) }
    }

    /// Six pairs of hexadecimal digits joined by colons or hyphens.
    public static func mac(_ text: some StringProtocol) -> MACAddress? {
        let separator: Character = text.contains("-") ? "-" : ":"
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        var value: UInt64 = 0
        for part in parts {
            guard part.utf8.count == 2, let byte = hexadecimal(part) else { return nil }
            value = value << 8 | UInt64(byte)
        }
        return MACAddress(rawValue: value)
    }

    /// `10.0.0.0/8`; bits past the length must be zero or are cleared, as Docker does.
    public static func ipv4Prefix(_ text: some StringProtocol) -> IPv4Prefix? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = ipv4(parts[0]),
            let length = decimal(parts[1], max: 32)
        else { return nil }
        return IPv4Prefix(address, length: length)
    }

    public static func ipv6Prefix(_ text: some StringProtocol) -> IPv6Prefix? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = ipv6(parts[0]),
            let length = decimal(parts[1], max: 128)
        else { return nil }
        return IPv6Prefix(address, length: length)
    }

    /// A decimal number without sign, leading zero or anything else, at most `max`.
    public static func decimal(_ text: some StringProtocol, max: Int) -> Int? {
        let digits = text.utf8
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30, let value = Int(text), value <= max
        else { return nil }
        return value
    }

    /// The parts before and after each `::`.
    private static func split(_ text: some StringProtocol) -> [[Substring]] {
        var halves: [[Substring]] = [[]]
        let parts = String(text).split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            let isEdge = index == 0 || index == parts.count - 1
            if !part.isEmpty {
                halves[halves.count - 1].append(part)
            } else if !isEdge {
                halves.append([])
            } else if !isBesideEmpty(parts, index) {
                return [["?"]]
            }
        }
        return halves
    }

    /// An empty part at either end is right only beside another: `::1`, `fe80::`.
    private static func isBesideEmpty(_ parts: [Substring], _ index: Int) -> Bool {
        guard parts.count >= 3 else { return false }
        return index == 0 ? parts[1].isEmpty : parts[index - 1].isEmpty
    }

    private static func groups(_ parts: [Substring], mayEndInIPv4: Bool) -> [UInt16]? {
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, let tail = ipv4(part) {
                groups.append(UInt16(tail.rawValue >> 16))
                groups.append(UInt16(tail.rawValue & 0xffff))
            } else if part.utf8.count <= 4, let value = hexadecimal(part) {
                groups.append(value)
            } else {
                return nil
            }
        }
        return groups
    }

    /// `UInt16.init(_:radix:)` would also take a sign.
    private static func hexadecimal(_ text: some StringProtocol) -> UInt16? {
        text.first == "+" || text.first == "-" ? nil : UInt16(text, radix: 16)
    }

    private static func address(_ groups: [UInt16]) -> IPv6Address {
        let high = groups[..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups[4...].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        return IPv6Address(high: high, low: low)
    }
}
