// Address prefixes of both families, and the arithmetic allocation needs.
//
// Invariant: the bits past the length are zero, so equal prefixes are equal values (RFC 4632 for
// IPv4, RFC 4291 for IPv6).

import Wire

/// What the address pools ask of a prefix, whichever the family.
public protocol AddressPrefix: Hashable, Sendable, CustomStringConvertible {
    associatedtype Address: Hashable, Comparable, Sendable, CustomStringConvertible
    static var bitCount: Int { get }
    /// What no host may have an address of: loopback, multicast, "this network".
    static var hostless: [Self] { get }
    /// The network address: all bits past `length` are zero.
    var address: Address { get }
    var length: Int { get }
    /// Nil unless `length` is in `0...bitCount`; host bits of `address` are cleared.
    init?(_ address: Address, length: Int)
    /// The address `offset` places above the network address, nil outside the prefix.
    func address(at offset: UInt64) -> Address?
    /// How far above the network address, nil outside the prefix.
    func offset(of address: Address) -> UInt64?
    func contains(_ address: Address) -> Bool
}

extension AddressPrefix {
    public var description: String { "\(address)/\(length)" }

    public func overlaps(_ other: Self) -> Bool {
        contains(other.address) || other.contains(address)
    }

    /// Whether every address of it may belong to a host.
    public var isForHosts: Bool { Self.hostless.allSatisfy { !$0.overlaps(self) } }

    /// How many addresses, or `UInt64.max` when 64 bits cannot say.
    public var addressCount: UInt64 {
        let hostBits = Self.bitCount - length
        return hostBits >= 64 ? .max : 1 << UInt64(hostBits)
    }
}

public struct IPv4Prefix: AddressPrefix {
    public let address: IPv4Address
    public let length: Int

    public static var bitCount: Int { 32 }

    /// RFC 6890: 0.0.0.0/8, 127.0.0.0/8, and all from multicast upward.
    public static var hostless: [IPv4Prefix] {
        [(0, 8), (127, 8), (224, 3)].compactMap { first, length in
            IPv4Prefix(IPv4Address(first, 0, 0, 0), length: length)
        }
    }

    /// 0.0.0.0/0.
    public static var everything: IPv4Prefix { IPv4Prefix() }

    private init() {
        address = IPv4Address(rawValue: 0)
        length = 0
    }

    public init?(_ address: IPv4Address, length: Int) {
        guard (0...32).contains(length) else { return nil }
        self.address = IPv4Address(rawValue: address.rawValue & Self.mask(length))
        self.length = length
    }

    /// `10.0.0.0/8`; nil for anything else, IPv6 included.
    public init?(_ text: some StringProtocol) {
        guard let prefix = IPPrefix(text), case .v4(let address) = prefix.address else {
            return nil
        }
        self.init(address, length: prefix.length)
    }

    public func contains(_ address: IPv4Address) -> Bool {
        address.rawValue & Self.mask(length) == self.address.rawValue
    }

    public func address(at offset: UInt64) -> IPv4Address? {
        guard offset < addressCount else { return nil }
        return IPv4Address(rawValue: address.rawValue | UInt32(offset))
    }

    public func offset(of address: IPv4Address) -> UInt64? {
        contains(address) ? UInt64(address.rawValue & ~Self.mask(length)) : nil
    }

    /// Smart shifts: a shift by 32 gives zero, which is the mask of a default route.
    private static func mask(_ length: Int) -> UInt32 { .max << (32 - length) }
}

public struct IPv6Prefix: AddressPrefix {
    public let address: IPv6Address
    public let length: Int

    public static var bitCount: Int { 128 }

    /// RFC 4291: the unspecified and loopback addresses, multicast.
    public static var hostless: [IPv6Prefix] {
        [(0, 127), (0xff00 << 48, 8)].compactMap { high, length in
            IPv6Prefix(IPv6Address(high: high, low: 0), length: length)
        }
    }

    public init?(_ address: IPv6Address, length: Int) {
        guard (0...128).contains(length) else { return nil }
        let mask = Self.mask(length)
        self.address = IPv6Address(high: address.high & mask.high, low: address.low & mask.low)
        self.length = length
    }

    /// `2001:db8::/32`; nil for anything else, IPv4 included.
    public init?(_ text: some StringProtocol) {
        guard let prefix = IPPrefix(text), case .v6(let address) = prefix.address else {
            return nil
        }
        self.init(address, length: prefix.length)
    }

    public func contains(_ address: IPv6Address) -> Bool {
        let mask = Self.mask(length)
        return address.high & mask.high == self.address.high
            && address.low & mask.low == self.address.low
    }

    public func address(at offset: UInt64) -> IPv6Address? {
        guard length <= 64 || offset < addressCount else { return nil }
        return IPv6Address(high: address.high, low: address.low | offset)
    }

    /// Nil also when the offset does not fit 64 bits.
    public func offset(of address: IPv6Address) -> UInt64? {
        guard contains(address), address.high == self.address.high else { return nil }
        return address.low & ~Self.mask(length).low
    }

    private static func mask(_ length: Int) -> (high: UInt64, low: UInt64) {
        (.max << (64 - min(length, 64)), .max << (64 - max(length - 64, 0)))
    }
}
