// The addresses and numbers that headers carry, as types of their own: an address is never a bare
// integer, a port is never a count. All are trivial values, ordered as they are on the wire.

/// An IPv4 address; `rawValue` is in host order, so 192.0.2.1 is 0xC000_0201.
public struct IPv4Address: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// An IPv6 address as its two 64-bit halves in host order.
public struct IPv6Address: Hashable, Comparable, Sendable {
    public var high: UInt64
    public var low: UInt64

    @inlinable public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    @inlinable public static func < (a: Self, b: Self) -> Bool {
        (a.high, a.low) < (b.high, b.low)
    }

    /// Every bit inverted, as RFC 1624 wants the value that goes.
    @inlinable static prefix func ~ (a: Self) -> Self { Self(high: ~a.high, low: ~a.low) }

    /// What the address adds to an unfolded Internet checksum.
    @inlinable var checksumSum: UInt64 {
        (high >> 32) &+ (high & 0xffff_ffff) &+ (low >> 32) &+ (low & 0xffff_ffff)
    }
}

/// An address of either family.
public enum IPAddress: Hashable, Comparable, Sendable {
    case v4(IPv4Address)
    case v6(IPv6Address)
}

/// An Ethernet address in the low 48 bits of `rawValue`, first byte highest.
public struct MACAddress: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt64

    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue & 0xffff_ffff_ffff }

    @inlinable public static var broadcast: Self { Self(rawValue: 0xffff_ffff_ffff) }
    /// Broadcast or multicast: the group bit of the first byte is set (IEEE 802.3, 3.2.3).
    @inlinable public var isGroup: Bool { rawValue & 0x0100_0000_0000 != 0 }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// A transport port in host order.
public struct Port: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public init(_ rawValue: UInt16) { self.rawValue = rawValue }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// The protocol number of an IPv4 header or the next-header number of an IPv6 one (IANA).
public struct IPProtocol: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var icmp: Self { Self(rawValue: 1) }
    @inlinable public static var ipip: Self { Self(rawValue: 4) }
    @inlinable public static var tcp: Self { Self(rawValue: 6) }
    @inlinable public static var udp: Self { Self(rawValue: 17) }
    @inlinable public static var ipv6: Self { Self(rawValue: 41) }
    @inlinable public static var gre: Self { Self(rawValue: 47) }
    @inlinable public static var icmpv6: Self { Self(rawValue: 58) }
    @inlinable public static var sctp: Self { Self(rawValue: 132) }
}

/// The type field of an Ethernet frame or VLAN tag (IANA ieee-802-numbers).
public struct EtherType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable public static var ipv4: Self { Self(rawValue: 0x0800) }
    @inlinable public static var arp: Self { Self(rawValue: 0x0806) }
    @inlinable public static var vlan: Self { Self(rawValue: 0x8100) }
    @inlinable public static var ipv6: Self { Self(rawValue: 0x86dd) }
    @inlinable public static var qinq: Self { Self(rawValue: 0x88a8) }

    /// An 802.1Q or 802.1ad tag follows; 0x9100 is the older QinQ number still met in the field.
    @inlinable public var isTag: Bool { self == .vlan || self == .qinq || rawValue == 0x9100 }
}
