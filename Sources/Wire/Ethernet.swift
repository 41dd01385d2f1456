// Ethernet II (IEEE 802.3, 3.2): destination, source, type.
//
// Invariant: a view exists only over 14 bytes that are there. Tags are `LinkHeader`'s matter: the
// type read here is the one at offset 12, which may be a tag's.

/// Field offsets in bytes from the start of the frame.
@usableFromInline enum EthernetOffset {
    @usableFromInline static var destination: Int { 0 }
    @usableFromInline static var source: Int { 6 }
    @usableFromInline static var etherType: Int { 12 }
    @usableFromInline static var payload: Int { 14 }
}

/// A read-only view of an Ethernet header and what follows it.
public struct EthernetHeader: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil when fewer than 14 bytes are there.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= EthernetOffset.payload else { return nil }
        self.bytes = bytes
    }

    @inlinable public var destination: MACAddress { bytes.mac(EthernetOffset.destination) }
    @inlinable public var source: MACAddress { bytes.mac(EthernetOffset.source) }
    /// Of the payload or of the first tag; a value below 0x600 is a length (802.3 with LLC).
    @inlinable public var etherType: EtherType {
        EtherType(rawValue: bytes.u16(EthernetOffset.etherType))
    }
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(EthernetOffset.payload) }
    }
}

/// A view that can readdress a frame.
public struct MutableEthernetHeader: ~Copyable, ~Escapable {
    @usableFromInline var bytes: MutableRawSpan

    /// Nil in the same cases as `EthernetHeader`; the header starts at `offset` of `bytes`.
    @inlinable @inline(__always)
    @_lifetime(&bytes)
    public init?(_ bytes: inout MutableRawSpan, at offset: Int = 0) {
        guard EthernetHeader(bytes.bytes.from(offset)) != nil else { return nil }
        self.bytes = bytes.tail(from: offset)
    }

    /// The same header, to read.
    @inlinable public var header: EthernetHeader? {
        @_lifetime(borrow self)
        get { EthernetHeader(bytes.bytes) }
    }

    @inlinable @inline(__always)
    public mutating func setDestination(_ address: MACAddress) {
        bytes.setMAC(EthernetOffset.destination, address)
    }

    @inlinable @inline(__always)
    public mutating func setSource(_ address: MACAddress) {
        bytes.setMAC(EthernetOffset.source, address)
    }
}

/// The fields of an Ethernet header without tags.
public struct EthernetFields: Equatable, Sendable {
    public static let byteCount = 14

    public var destination: MACAddress
    public var source: MACAddress
    public var etherType: EtherType

    public init(destination: MACAddress, source: MACAddress, etherType: EtherType) {
        self.destination = destination
        self.source = source
        self.etherType = etherType
    }

    /// Writes the header to the first 14 bytes of `bytes`.
    @inline(__always)
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        bytes.setMAC(EthernetOffset.destination, destination)
        bytes.setMAC(EthernetOffset.source, source)
        bytes.setU16(EthernetOffset.etherType, etherType.rawValue)
    }
}

extension RawSpan {
    /// The Ethernet address at `offset`.
    @inlinable func mac(_ offset: Int) -> MACAddress {
        MACAddress(rawValue: UInt64(u16(offset)) << 32 | UInt64(u32(offset &+ 2)))
    }
}

extension MutableRawSpan {
    /// Stores an Ethernet address.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func setMAC(_ offset: Int, _ address: MACAddress) {
        setU16(offset, UInt16(truncatingIfNeeded: address.rawValue >> 32))
        setU32(offset &+ 2, UInt32(truncatingIfNeeded: address.rawValue))
    }
}
