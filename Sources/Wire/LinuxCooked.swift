// Linux cooked captures, the pseudo-headers of traces taken on "any": LINKTYPE_LINUX_SLL (113) and
// LINKTYPE_LINUX_SLL2 (276), as the tcpdump group documents them.
//
// Invariant: as for `LinkHeader`, everything before the network header is there. A tag that
// the device did not take off stands behind the pseudo-header, announced by its protocol field.

/// The direction of a cooked packet; both kinds use the same numbers.
public enum LinuxCookedDirection: UInt8, Sendable {
    case toUs = 0
    case broadcast = 1
    case multicast = 2
    case toOther = 3
    case fromUs = 4
}

/// A read-only view of the first kind: 16 bytes.
public struct LinuxCookedHeader: ~Escapable {
    @usableFromInline let bytes: RawSpan
    public let tagCount: Int
    /// Of the network layer, as for `LinkHeader`.
    public let etherType: EtherType

    /// Nil when header or tags are cut short.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard let walk = TagWalk(bytes, typeOffset: 14, end: 16) else { return nil }
        self.bytes = bytes
        tagCount = walk.tagCount
        etherType = walk.etherType
    }

    /// Length of header and tags: where the network header starts.
    @inlinable public var byteCount: Int { 16 &+ tagCount &* VLANTag.byteCount }
    /// Nil for a number not assigned.
    @inlinable public var direction: LinuxCookedDirection? {
        LinuxCookedDirection(rawValue: UInt8(truncatingIfNeeded: min(bytes.u16(0), 0xff)))
    }
    /// Of the sender, when the device has addresses of six bytes.
    @inlinable public var source: MACAddress? { bytes.u16(4) == 6 ? bytes.mac(6) : nil }
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(byteCount) }
    }
}

/// A read-only view of the second kind: 20 bytes.
public struct LinuxCooked2Header: ~Escapable {
    @usableFromInline let bytes: RawSpan
    public let tagCount: Int
    /// Of the network layer, as for `LinkHeader`.
    public let etherType: EtherType

    /// Nil when header or tags are cut short.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard let walk = TagWalk(bytes, typeOffset: 0, end: 20) else { return nil }
        self.bytes = bytes
        tagCount = walk.tagCount
        etherType = walk.etherType
    }

    /// Length of header and tags: where the network header starts.
    @inlinable public var byteCount: Int { 20 &+ tagCount &* VLANTag.byteCount }
    /// Nil for a number not assigned.
    @inlinable public var direction: LinuxCookedDirection? {
        LinuxCookedDirection(rawValue: bytes.u8(10))
    }
    /// The kernel's index of the interface the packet was seen on.
    @inlinable public var interfaceIndex: UInt32 { bytes.u32(4) }
    /// Of the sender, when the device has addresses of six bytes.
    @inlinable public var source: MACAddress? { bytes.u8(11) == 6 ? bytes.mac(12) : nil }
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(byteCount) }
    }
}
