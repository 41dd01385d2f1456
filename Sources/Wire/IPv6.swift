// IPv6 (RFC 8200): the fixed header's view, its mutable twin, and the plain value that builds one.
//
// Invariant: a view exists only over 40 bytes of version 6; no accessor can fail after that. The
// payload length may exceed the bytes at hand, as in a trace cut by a snap length; `payload` is
// what is there. IPv6 has no header checksum: an address change only concerns the transport's.

/// Field offsets in bytes from the start of the header.
@usableFromInline enum IPv6Offset {
    @usableFromInline static var payloadLength: Int { 4 }
    @usableFromInline static var nextHeader: Int { 6 }
    @usableFromInline static var hopLimit: Int { 7 }
    @usableFromInline static var source: Int { 8 }
    @usableFromInline static var destination: Int { 24 }
    @usableFromInline static var payload: Int { 40 }
}

/// A read-only view of an IPv6 header and what follows it.
public struct IPv6Header: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil unless `bytes` starts with 40 bytes of version 6.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= IPv6Offset.payload, bytes.u8(0) >> 4 == 6 else { return nil }
        self.bytes = bytes
    }

    @inlinable public var trafficClass: UInt8 {
        UInt8(truncatingIfNeeded: bytes.u16(0) >> 4)
    }
    /// 20 bits.
    @inlinable public var flowLabel: UInt32 { bytes.u32(0) & 0xf_ffff }
    /// The length the header claims for what follows it; may exceed what was captured.
    @inlinable public var payloadByteCount: Int { Int(bytes.u16(IPv6Offset.payloadLength)) }
    /// Header and claimed payload.
    @inlinable public var totalByteCount: Int { IPv6Offset.payload &+ payloadByteCount }
    /// Of the first extension header or, without any, of the upper layer; see `upperLayer`.
    @inlinable public var nextHeader: IPProtocol {
        IPProtocol(rawValue: bytes.u8(IPv6Offset.nextHeader))
    }
    @inlinable public var hopLimit: UInt8 { bytes.u8(IPv6Offset.hopLimit) }
    @inlinable public var source: IPv6Address { bytes.ipv6(IPv6Offset.source) }
    @inlinable public var destination: IPv6Address { bytes.ipv6(IPv6Offset.destination) }

    /// What follows the header, cut at the payload length and at the end of the bytes.
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get {
            bytes.extracting(IPv6Offset.payload..<min(totalByteCount, bytes.byteCount))
        }
    }

    /// Header and payload without what the link padded, cut at the end of the bytes.
    @inlinable public var packet: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.extracting(0..<min(totalByteCount, bytes.byteCount)) }
    }
}

/// A view that can change the fields a router may change.
public struct MutableIPv6Header: ~Copyable, ~Escapable {
    @usableFromInline var bytes: MutableRawSpan

    /// Nil in the same cases as `IPv6Header`; the header starts at `offset` of `bytes`.
    @inlinable @inline(__always)
    @_lifetime(&bytes)
    public init?(_ bytes: inout MutableRawSpan, at offset: Int = 0) {
        guard IPv6Header(bytes.bytes.from(offset)) != nil else { return nil }
        self.bytes = bytes.tail(from: offset)
    }

    /// The same header, to read.
    @inlinable public var header: IPv6Header? {
        @_lifetime(borrow self)
        get { IPv6Header(bytes.bytes) }
    }

    /// Replaces the source address and notes the change in `delta` for the transport checksum.
    @inlinable @inline(__always)
    public mutating func setSource(_ address: IPv6Address, noting delta: inout ChecksumDelta) {
        delta.replace(bytes.bytes.ipv6(IPv6Offset.source), with: address)
        bytes.setIPv6(IPv6Offset.source, address)
    }

    /// Replaces the destination address and notes the change in `delta`.
    @inlinable @inline(__always)
    public mutating func setDestination(_ address: IPv6Address, noting delta: inout ChecksumDelta) {
        delta.replace(bytes.bytes.ipv6(IPv6Offset.destination), with: address)
        bytes.setIPv6(IPv6Offset.destination, address)
    }

    /// Takes one off the hop limit, which must not be zero.
    @inlinable @inline(__always)
    public mutating func decrementHopLimit() {
        let old = bytes.u8(IPv6Offset.hopLimit)
        precondition(old > 0)
        bytes.setU8(IPv6Offset.hopLimit, old &- 1)
    }

    /// Replaces the traffic class (DSCP and ECN).
    @inlinable @inline(__always)
    public mutating func setTrafficClass(_ value: UInt8) {
        bytes.setU16(0, bytes.u16(0) & 0xf00f | UInt16(value) << 4)
    }

    /// Replaces the length of what follows the header.
    @inlinable
    public mutating func setPayloadByteCount(_ value: Int) {
        bytes.setU16(IPv6Offset.payloadLength, UInt16(truncatingIfNeeded: value))
    }
}

/// The fields of an IPv6 header, from which one is built.
public struct IPv6Fields: Equatable, Sendable {
    public static let byteCount = 40

    public var source: IPv6Address
    public var destination: IPv6Address
    public var nextHeader: IPProtocol
    /// Extension headers included.
    public var payloadByteCount: Int
    public var hopLimit: UInt8 = 64
    public var trafficClass: UInt8 = 0
    /// 20 bits.
    public var flowLabel: UInt32 = 0

    public init(
        source: IPv6Address, destination: IPv6Address, nextHeader: IPProtocol, payloadByteCount: Int
    ) {
        self.source = source
        self.destination = destination
        self.nextHeader = nextHeader
        self.payloadByteCount = payloadByteCount
    }

    /// Writes the header to the first 40 bytes of `bytes`.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        bytes.setU32(0, 0x6000_0000 | UInt32(trafficClass) << 20 | flowLabel & 0xf_ffff)
        bytes.setU16(IPv6Offset.payloadLength, UInt16(truncatingIfNeeded: payloadByteCount))
        bytes.setU8(IPv6Offset.nextHeader, nextHeader.rawValue)
        bytes.setU8(IPv6Offset.hopLimit, hopLimit)
        bytes.setIPv6(IPv6Offset.source, source)
        bytes.setIPv6(IPv6Offset.destination, destination)
    }
}

extension RawSpan {
    /// The IPv6 address at `offset`.
    @inlinable func ipv6(_ offset: Int) -> IPv6Address {
        IPv6Address(high: u64(offset), low: u64(offset &+ 8))
    }
}

extension MutableRawSpan {
    /// Stores an IPv6 address.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func setIPv6(_ offset: Int, _ address: IPv6Address) {
        setU64(offset, address.high)
        setU64(offset &+ 8, address.low)
    }
}
