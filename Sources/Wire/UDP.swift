// UDP (RFC 768; over IPv6, RFC 8200 section 8.1 and RFC 6936).
//
// Invariant: a view exists only over eight bytes whose length field is at least eight. A checksum
// of zero says there is none: it stays zero under any rewrite, and a checksum that comes out as
// zero is written 0xffff, so neither case can turn into the other.

/// Field offsets in bytes from the start of the header.
@usableFromInline enum UDPOffset {
    @usableFromInline static var length: Int { 4 }
    @usableFromInline static var checksum: Int { 6 }
    @usableFromInline static var payload: Int { 8 }
}

/// A read-only view of a UDP header and its payload.
public struct UDPHeader: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil unless eight bytes are there whose length field counts at least themselves.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= UDPOffset.payload,
            Int(bytes.u16(UDPOffset.length)) >= UDPOffset.payload
        else { return nil }
        self.bytes = bytes
    }

    @inlinable public var sourcePort: Port { Port(bytes.u16(TransportOffset.source)) }
    @inlinable public var destinationPort: Port { Port(bytes.u16(TransportOffset.destination)) }
    /// Header and payload as claimed; may exceed what was captured.
    @inlinable public var totalByteCount: Int { Int(bytes.u16(UDPOffset.length)) }
    @inlinable public var checksum: UInt16 { bytes.u16(UDPOffset.checksum) }
    @inlinable public var hasChecksum: Bool { checksum != 0 }

    /// What follows the header, cut at the length field and at the end of the bytes.
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get {
            bytes.extracting(UDPOffset.payload..<min(totalByteCount, bytes.byteCount))
        }
    }

    /// Whether the checksum is right or, over IPv4, absent. False when the datagram is cut short.
    public func isChecksumValid(between addresses: AddressPair) -> Bool {
        guard hasChecksum else { return !addresses.isIPv6 }
        guard totalByteCount <= bytes.byteCount else { return false }
        let seed = addresses.pseudoHeader(proto: .udp, byteCount: totalByteCount)
        return Checksum.of(bytes.extracting(0..<totalByteCount), seed: seed) == 0
    }
}

/// The fields of a UDP header.
public struct UDPFields: Equatable, Sendable {
    public static let byteCount = 8

    public var sourcePort: Port
    public var destinationPort: Port
    public var payloadByteCount: Int

    public init(sourcePort: Port, destinationPort: Port, payloadByteCount: Int) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.payloadByteCount = payloadByteCount
    }

    /// Writes the header to the first eight bytes of `bytes`, saying that there is no checksum.
    @inline(__always)
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        bytes.setU16(TransportOffset.source, sourcePort.rawValue)
        bytes.setU16(TransportOffset.destination, destinationPort.rawValue)
        bytes.setU16(
            UDPOffset.length, UInt16(truncatingIfNeeded: Self.byteCount + payloadByteCount))
        bytes.setU16(UDPOffset.checksum, 0)
    }

    /// Writes the header with a checksum over it and over the `payloadByteCount` bytes that already
    /// follow it.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan, between addresses: AddressPair) {
        write(to: &bytes)
        let datagramByteCount = Self.byteCount + payloadByteCount
        let seed = addresses.pseudoHeader(proto: .udp, byteCount: datagramByteCount)
        let checksum = Checksum.of(bytes.bytes.extracting(0..<datagramByteCount), seed: seed)
        bytes.setU16(UDPOffset.checksum, checksum == 0 ? 0xffff : checksum)
    }
}

extension MutableRawSpan {
    /// Applies `delta` to the checksum of the UDP header at the start, if there is one and it is
    /// within the bytes.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func applyUDP(_ delta: ChecksumDelta) {
        guard byteCount >= UDPOffset.payload else { return }
        let old = u16(UDPOffset.checksum)
        guard old != 0 else { return }
        let new = delta.applied(to: old)
        setU16(UDPOffset.checksum, new == 0 ? 0xffff : new)
    }
}
