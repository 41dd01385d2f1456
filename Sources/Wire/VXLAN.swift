// VXLAN (RFC 7348): the eight bytes between the outer UDP header and the inner frame.
//
// Invariant: a view exists only when the I flag says that the network identifier is valid; reserved
// bits are ignored on receipt and written as zero, as section 5 asks.

/// A VXLAN network identifier of 24 bits.
public struct VNI: RawRepresentable, Hashable, Comparable, Sendable {
    public var rawValue: UInt32

    /// Bits above the 24th are cut off.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue & 0xff_ffff }
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Field offsets in bytes from the start of the header.
@usableFromInline enum VXLANOffset {
    @usableFromInline static var vni: Int { 4 }
    @usableFromInline static var inner: Int { 8 }
}

/// A read-only view of a VXLAN header and the frame it carries.
public struct VXLANHeader: ~Escapable {
    /// The I flag in the first byte.
    @usableFromInline static var identifierFlag: UInt8 { 0x08 }

    @usableFromInline let bytes: RawSpan

    /// Nil unless eight bytes with the I flag are there.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= VXLANOffset.inner, bytes.u8(0) & Self.identifierFlag != 0 else {
            return nil
        }
        self.bytes = bytes
    }

    @inlinable public var vni: VNI { VNI(rawValue: bytes.u32(VXLANOffset.vni) >> 8) }
    /// The inner Ethernet frame.
    @inlinable public var inner: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(VXLANOffset.inner) }
    }
}

/// A view that can move a frame to another network.
public struct MutableVXLANHeader: ~Copyable, ~Escapable {
    @usableFromInline var bytes: MutableRawSpan

    /// Nil in the same cases as `VXLANHeader`; the header starts at `offset` of `bytes`.
    @inlinable @inline(__always)
    @_lifetime(&bytes)
    public init?(_ bytes: inout MutableRawSpan, at offset: Int = 0) {
        guard VXLANHeader(bytes.bytes.from(offset)) != nil else { return nil }
        self.bytes = bytes.tail(from: offset)
    }

    /// The same header, to read.
    @inlinable public var header: VXLANHeader? {
        @_lifetime(borrow self)
        get { VXLANHeader(bytes.bytes) }
    }

    /// Replaces the identifier and notes the change in `delta` for the outer UDP checksum.
    @inlinable @inline(__always)
    public mutating func setVNI(_ vni: VNI, noting delta: inout ChecksumDelta) {
        let new = vni.rawValue << 8 | bytes.u32(VXLANOffset.vni) & 0xff
        delta.replace(bytes.u32(VXLANOffset.vni), with: new)
        bytes.setU32(VXLANOffset.vni, new)
    }
}

/// The fields of a VXLAN header.
public struct VXLANFields: Equatable, Sendable {
    public static let byteCount = 8
    /// The destination port IANA assigned.
    public static let port = Port(4789)

    public var vni: VNI

    public init(vni: VNI) { self.vni = vni }

    /// Writes the header to the first eight bytes of `bytes`.
    @inline(__always)
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        bytes.setU32(0, UInt32(VXLANHeader.identifierFlag) << 24)
        bytes.setU32(VXLANOffset.vni, vni.rawValue << 8)
    }
}
