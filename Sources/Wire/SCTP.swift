// SCTP (RFC 9260): the common header.
//
// Its CRC32c covers the whole packet and no address, is computed with its own field as zero and
// sent lowest byte first (appendix A). Invariant: changing a port changes the CRC by the remainder
// of that difference only, for which the packet's length is needed but not its bytes; a damaged
// packet stays damaged, a cut one stays right.

/// Field offsets in bytes from the start of the header.
@usableFromInline enum SCTPOffset {
    @usableFromInline static var verificationTag: Int { 4 }
    @usableFromInline static var checksum: Int { 8 }
    @usableFromInline static var end: Int { 12 }
}

/// The type of an SCTP chunk (RFC 9260, section 3.2).
public struct SCTPChunkType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var data: Self { Self(rawValue: 0) }
    @inlinable public static var initiation: Self { Self(rawValue: 1) }
    @inlinable public static var initiationAck: Self { Self(rawValue: 2) }
    @inlinable public static var heartbeat: Self { Self(rawValue: 4) }
    @inlinable public static var abort: Self { Self(rawValue: 6) }
    @inlinable public static var shutdown: Self { Self(rawValue: 7) }
    @inlinable public static var shutdownAck: Self { Self(rawValue: 8) }
    @inlinable public static var cookieEcho: Self { Self(rawValue: 10) }
    @inlinable public static var shutdownComplete: Self { Self(rawValue: 14) }
}

/// A read-only view of an SCTP common header and its chunks.
public struct SCTPHeader: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil when fewer than twelve bytes are there.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= SCTPOffset.end else { return nil }
        self.bytes = bytes
    }

    @inlinable public var sourcePort: Port { Port(bytes.u16(TransportOffset.source)) }
    @inlinable public var destinationPort: Port { Port(bytes.u16(TransportOffset.destination)) }
    @inlinable public var verificationTag: UInt32 { bytes.u32(SCTPOffset.verificationTag) }
    /// The CRC32c as a number, its byte order on the wire undone.
    @inlinable public var checksum: UInt32 { bytes.u32(SCTPOffset.checksum).byteSwapped }
    /// Nil when no chunk follows the header.
    @inlinable public var firstChunkType: SCTPChunkType? {
        guard bytes.byteCount > SCTPOffset.end else { return nil }
        return SCTPChunkType(rawValue: bytes.u8(SCTPOffset.end))
    }
    /// The chunks.
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(SCTPOffset.end) }
    }

    /// Whether the checksum is right, given that the bytes are the whole IP payload.
    public var isChecksumValid: Bool { computedChecksum == checksum }

    /// The CRC32c of the bytes with the checksum field as zero.
    var computedChecksum: UInt32 {
        var register = CRC32c.update(~0, with: bytes.extracting(0..<SCTPOffset.checksum))
        register = CRC32c.appendingZeros(register, count: 4)
        return ~CRC32c.update(register, with: payload)
    }
}

/// The fields of an SCTP common header.
public struct SCTPFields: Equatable, Sendable {
    public static let byteCount = 12

    public var sourcePort: Port
    public var destinationPort: Port
    public var verificationTag: UInt32
    public var payloadByteCount: Int

    public init(
        sourcePort: Port, destinationPort: Port, verificationTag: UInt32, payloadByteCount: Int
    ) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.verificationTag = verificationTag
        self.payloadByteCount = payloadByteCount
    }

    /// Writes the header to the first twelve bytes of `bytes`, with a checksum over it and over the
    /// `payloadByteCount` bytes of chunks that already follow it.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        bytes.setU16(TransportOffset.source, sourcePort.rawValue)
        bytes.setU16(TransportOffset.destination, destinationPort.rawValue)
        bytes.setU32(SCTPOffset.verificationTag, verificationTag)
        bytes.setU32(SCTPOffset.checksum, 0)
        let packetByteCount = Self.byteCount + payloadByteCount
        let checksum = CRC32c.of(bytes.bytes.extracting(0..<packetByteCount))
        bytes.setU32(SCTPOffset.checksum, checksum.byteSwapped)
    }
}

extension MutableRawSpan {
    /// Makes the checksum of the SCTP packet that takes up `range` right, whatever it was. The packet
    /// must be wholly there.
    @_lifetime(self: copy self)
    public mutating func refreshSCTPChecksum(in range: Range<Int>) {
        guard range.count >= SCTPOffset.end else { return }
        let field = range.lowerBound + SCTPOffset.checksum
        setU32(field, 0)
        setU32(field, CRC32c.of(bytes.extracting(range)).byteSwapped)
    }

    /// Replaces a port of the SCTP header at the start. The checksum follows if it is within the
    /// bytes and `packetByteCount` is not negative.
    @usableFromInline
    @_lifetime(self: copy self)
    mutating func setSCTPPort(_ port: Port, at offset: Int, packetByteCount: Int) {
        let old = u16(offset)
        setU16(offset, port.rawValue)
        guard byteCount >= SCTPOffset.end, packetByteCount >= SCTPOffset.end else { return }
        let change = CRC32c.change(
            from: old, to: port.rawValue, followedBy: packetByteCount - offset - 2)
        setU32(SCTPOffset.checksum, u32(SCTPOffset.checksum) ^ change.byteSwapped)
    }
}
