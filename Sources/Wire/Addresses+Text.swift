// Addresses as people write them: parsing, and the one canonical form in which each is printed.
//
// Invariant: text that another program could read differently is refused: no octal or shortened
// IPv4 parts, no zone, no space, nothing after the end. What is printed parses to the same value.
// IPv6 is read as RFC 4291, section 2.2 allows and printed as RFC 5952 demands.

extension IPv4Address: CustomStringConvertible {
    /// Four decimal numbers without leading zeros; nil for anything else.
    public init?(_ text: some StringProtocol) {
        self.init(ascii: Array(text.utf8.prefix(IPv6Address.textByteCountMax + 1))[...])
    }

    init?(ascii: ArraySlice<UInt8>) {
        let parts = ascii.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let number = decimal(part, max: 255) else { return nil }
            value = value << 8 | UInt32(number)
        }
        self.init(rawValue: value)
    }

    public var description: String {
        "\(rawValue >> 24).\(rawValue >> 16 & 0xff).\(rawValue >> 8 & 0xff).\(rawValue & 0xff)"
    }
}

extension IPv6Address: CustomStringConvertible {
    /// Six groups of four digits and an IPv4 address, the longest form there is.
    static let textByteCountMax = 45

    /// The eight groups, first one first.
    var groups: [UInt16] {
        (0..<8).map { index in
            let half = index < 4 ? high : low
            return UInt16(truncatingIfNeeded: half >> UInt64((3 - index & 3) * 16))
        }
    }

    /// Groups of one to four hexadecimal digits, at most one `::` standing for at least one group
    /// of zero, the last two groups possibly as an IPv4 address; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let ascii = Array(text.utf8.prefix(Self.textByteCountMax + 1))
        guard ascii.count <= Self.textByteCountMax else { return nil }
        let colon = UInt8(ascii: ":")
        let pairs = zip(ascii.indices, ascii.indices.dropFirst())
        let gap = pairs.first { ascii[$0] == colon && ascii[$1] == colon }?.0
        guard let gap else {
            guard let all = Self.groups(of: ascii[...], mayBeEmpty: false), all.count == 8 else {
                return nil
            }
            self.init(groups: all)
            return
        }
        guard let head = Self.groups(of: ascii[..<gap], mayBeEmpty: true, mayEndInIPv4: false),
            let tail = Self.groups(of: ascii[(gap + 2)...], mayBeEmpty: true),
            head.count + tail.count < 8
        else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - head.count - tail.count)
        self.init(groups: head + zeros + tail)
    }

    private init(groups: [UInt16]) {
        let high = groups.prefix(4).reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups.suffix(4).reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        self.init(high: high, low: low)
    }

    /// The groups in `ascii`, which has no `::`.
    private static func groups(
        of ascii: ArraySlice<UInt8>, mayBeEmpty: Bool, mayEndInIPv4: Bool = true
    ) -> [UInt16]? {
        if ascii.isEmpty { return mayBeEmpty ? [] : nil }
        let parts = ascii.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if let group = hexadecimal(part, digitCount: 1...4) {
                groups.append(UInt16(truncatingIfNeeded: group))
            } else if mayEndInIPv4, index == parts.count - 1, let last = IPv4Address(ascii: part) {
                groups.append(UInt16(truncatingIfNeeded: last.rawValue >> 16))
                groups.append(UInt16(truncatingIfNeeded: last.rawValue))
            } else {
                return nil
            }
        }
        return groups
    }

    /// RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as
    /// `::`; an IPv4-mapped or IPv4-compatible address ends in dotted form (section 5), as the C
    /// library's `inet_ntop` prints them.
    public var description: String {
        if high == 0, low >> 32 == 0xffff || (low >> 32 == 0 && low >> 16 != 0) {
            let prefix = low >> 32 == 0 ? "::" : "::ffff:"
            return prefix + IPv4Address(rawValue: UInt32(truncatingIfNeeded: low)).description
        }
        let groups = groups
        let gap = Self.longestZeroRun(in: groups)
        func join(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard gap.count >= 2 else { return join(groups[...]) }
        return join(groups[..<gap.lowerBound]) + "::" + join(groups[gap.upperBound...])
    }

    private static func longestZeroRun(in groups: [UInt16]) -> Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in groups.indices {
            if groups[index] != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<index + 1
            }
        }
        return longest
    }
}

extension IPAddress: CustomStringConvertible {
    /// An address of either family.
    public init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}

extension MACAddress: CustomStringConvertible {
    /// Six groups of two hexadecimal digits, all separated by `:` or all by `-`.
    public init?(_ text: some StringProtocol) {
        let ascii = Array(text.utf8.prefix(18))
        guard ascii.count == 17, ascii[2] == UInt8(ascii: ":") || ascii[2] == UInt8(ascii: "-")
        else { return nil }
        let parts = ascii.split(separator: ascii[2], omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        var value: UInt64 = 0
        for part in parts {
            guard let byte = hexadecimal(part, digitCount: 2...2) else { return nil }
            value = value << 8 | UInt64(byte)
        }
        self.init(rawValue: value)
    }

    public var description: String {
        stride(from: 40, through: 0, by: -8).map { shift in
            let byte = rawValue >> UInt64(shift) & 0xff
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined(separator: ":")
    }
}

extension Port: CustomStringConvertible {
    /// A decimal number up to 65535 without sign or leading zeros.
    public init?(_ text: some StringProtocol) {
        guard let number = decimal(Array(text.utf8.prefix(6))[...], max: 0xffff) else { return nil }
        self.init(UInt16(truncatingIfNeeded: number))
    }

    public var description: String { "\(rawValue)" }
}

extension IPProtocol: CustomStringConvertible {
    /// Names as /etc/protocols has them; in order, so that messages can list them.
    private static let names: [(name: String, proto: IPProtocol)] = [
        ("icmp", .icmp), ("tcp", .tcp), ("udp", .udp), ("ipv6-icmp", .icmpv6), ("sctp", .sctp),
    ]

    /// One of tcp, udp, sctp, icmp, ipv6-icmp in lower case, or a decimal number up to 255.
    public init?(_ text: some StringProtocol) {
        if let named = Self.names.first(where: { $0.name == text }) {
            self = named.proto
        } else if let number = decimal(Array(text.utf8.prefix(4))[...], max: 255) {
            self.init(rawValue: UInt8(truncatingIfNeeded: number))
        } else {
            return nil
        }
    }

    public var description: String {
        Self.names.first { $0.proto == self }?.name ?? "\(rawValue)"
    }
}

/// The number that one to five decimal digits without a leading zero make, if at most `max`.
func decimal(_ digits: ArraySlice<UInt8>, max: Int) -> Int? {
    guard (1...5).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0")
    else { return nil }
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value <= max ? value : nil
}

/// The number that hexadecimal digits of either case make.
private func hexadecimal(_ digits: ArraySlice<UInt8>, digitCount: ClosedRange<Int>) -> Int? {
    guard digitCount.contains(digits.count) else { return nil }
    var value = 0
    for digit in digits {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | Int(digit - 0x30)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | Int(digit - 0x61 + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | Int(digit - 0x41 + 10)
        default: return nil
        }
    }
    return value
}
