// TCP (RFC 9293): the header view with its options, and the value to build one. Ports are changed by
// `MutableTransportPorts`, for TCP, UDP and SCTP alike.
//
// Invariant: a view exists only when the header with all its options is there: data offset at least
// five words and within the bytes. The checksum covers addresses of the layer below; they come in
// as an `AddressPair` to verify it and as a `ChecksumDelta` to keep it right.

/// Field offsets in bytes from the start of the header.
@usableFromInline enum TCPOffset {
    @usableFromInline static var sequence: Int { 4 }
    @usableFromInline static var acknowledgment: Int { 8 }
    @usableFromInline static var dataOffset: Int { 12 }
    @usableFromInline static var flags: Int { 13 }
    @usableFromInline static var window: Int { 14 }
    @usableFromInline static var checksum: Int { 16 }
    @usableFromInline static var urgent: Int { 18 }
    @usableFromInline static var options: Int { 20 }
}

/// The control bits of RFC 9293, section 3.1.
public struct TCPFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var fin: Self { Self(rawValue: 0x01) }
    @inlinable public static var syn: Self { Self(rawValue: 0x02) }
    @inlinable public static var rst: Self { Self(rawValue: 0x04) }
    @inlinable public static var psh: Self { Self(rawValue: 0x08) }
    @inlinable public static var ack: Self { Self(rawValue: 0x10) }
    @inlinable public static var urg: Self { Self(rawValue: 0x20) }
    @inlinable public static var ece: Self { Self(rawValue: 0x40) }
    @inlinable public static var cwr: Self { Self(rawValue: 0x80) }
}

/// A read-only view of a TCP header and its payload.
public struct TCPHeader: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil unless `bytes`, the payload of an IP packet, starts with a complete header.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= TCPOffset.options else { return nil }
        let headerByteCount = Int(bytes.u8(TCPOffset.dataOffset) >> 4) &* 4
        guard headerByteCount >= TCPOffset.options, headerByteCount <= bytes.byteCount else {
            return nil
        }
        self.bytes = bytes
    }

    @inlinable public var sourcePort: Port { Port(bytes.u16(TransportOffset.source)) }
    @inlinable public var destinationPort: Port { Port(bytes.u16(TransportOffset.destination)) }
    @inlinable public var sequence: UInt32 { bytes.u32(TCPOffset.sequence) }
    @inlinable public var acknowledgment: UInt32 { bytes.u32(TCPOffset.acknowledgment) }
    @inlinable public var headerByteCount: Int { Int(bytes.u8(TCPOffset.dataOffset) >> 4) &* 4 }
    @inlinable public var flags: TCPFlags { TCPFlags(rawValue: bytes.u8(TCPOffset.flags)) }
    @inlinable public var window: UInt16 { bytes.u16(TCPOffset.window) }
    @inlinable public var checksum: UInt16 { bytes.u16(TCPOffset.checksum) }
    @inlinable public var urgentPointer: UInt16 { bytes.u16(TCPOffset.urgent) }

    /// An iterator over the options.
    @inlinable public var options: TCPOptions {
        @_lifetime(copy self)
        @inline(__always) get { TCPOptions(bytes.extracting(TCPOffset.options..<headerByteCount)) }
    }

    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(headerByteCount) }
    }

    /// The maximum segment size option, nil without one.
    public var maximumSegmentSize: UInt16? {
        var options = options
        while let option = options.next() {
            if option.kind == TCPOption.maximumSegmentSize, option.value.byteCount == 2 {
                return option.value.u16(0)
            }
        }
        return nil
    }

    /// Whether the checksum is right, given that the bytes are the whole IP payload.
    public func isChecksumValid(between addresses: AddressPair) -> Bool {
        let seed = addresses.pseudoHeader(proto: .tcp, byteCount: bytes.byteCount)
        return Checksum.of(bytes, seed: seed) == 0
    }
}

/// One option: its kind, and its value without kind and length.
public struct TCPOption: ~Escapable {
    /// Kind 2 (RFC 9293, section 3.2).
    public static let maximumSegmentSize: UInt8 = 2

    public let kind: UInt8
    public let value: RawSpan

    @_lifetime(copy value)
    init(kind: UInt8, value: RawSpan) {
        self.kind = kind
        self.value = value
    }
}

/// Iterates over the options; padding is passed over, and the first malformed one ends it.
public struct TCPOptions: ~Escapable {
    var bytes: RawSpan

    @usableFromInline
    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { self.bytes = bytes }

    @_lifetime(copy self)
    public mutating func next() -> TCPOption? {
        while bytes.byteCount > 0, bytes.u8(0) == 1 { bytes = bytes.from(1) }
        guard bytes.byteCount >= 2, bytes.u8(0) != 0 else { return nil }
        let byteCount = Int(bytes.u8(1))
        guard byteCount >= 2, byteCount <= bytes.byteCount else { return nil }
        let option = TCPOption(kind: bytes.u8(0), value: bytes.extracting(2..<byteCount))
        bytes = bytes.from(byteCount)
        return option
    }
}

/// The fields of a TCP header whose only possible option is the maximum segment size.
public struct TCPFields: Equatable, Sendable {
    public static let byteCount = 20

    public var sourcePort: Port
    public var destinationPort: Port
    public var sequence: UInt32
    public var acknowledgment: UInt32
    public var flags: TCPFlags
    public var window: UInt16 = 0xffff
    /// Written as an option of four bytes when not nil.
    public var maximumSegmentSize: UInt16?
    public var payloadByteCount: Int = 0

    public init(
        sourcePort: Port, destinationPort: Port, sequence: UInt32 = 0, acknowledgment: UInt32 = 0,
        flags: TCPFlags
    ) {
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.sequence = sequence
        self.acknowledgment = acknowledgment
        self.flags = flags
    }

    public var headerByteCount: Int { Self.byteCount + (maximumSegmentSize == nil ? 0 : 4) }

    /// Writes the header to the start of `bytes`, with a checksum over it and over the
    /// `payloadByteCount` bytes that already follow it.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan, between addresses: AddressPair) {
        bytes.setU16(TransportOffset.source, sourcePort.rawValue)
        bytes.setU16(TransportOffset.destination, destinationPort.rawValue)
        bytes.setU32(TCPOffset.sequence, sequence)
        bytes.setU32(TCPOffset.acknowledgment, acknowledgment)
        bytes.setU8(TCPOffset.dataOffset, UInt8(truncatingIfNeeded: headerByteCount / 4) << 4)
        bytes.setU8(TCPOffset.flags, flags.rawValue)
        bytes.setU16(TCPOffset.window, window)
        bytes.setU32(TCPOffset.checksum, 0)
        if let size = maximumSegmentSize {
            bytes.setU16(TCPOffset.options, UInt16(TCPOption.maximumSegmentSize) << 8 | 4)
            bytes.setU16(TCPOffset.options + 2, size)
        }
        let segmentByteCount = headerByteCount + payloadByteCount
        let seed = addresses.pseudoHeader(proto: .tcp, byteCount: segmentByteCount)
        let checksum = Checksum.of(bytes.bytes.extracting(0..<segmentByteCount), seed: seed)
        bytes.setU16(TCPOffset.checksum, checksum)
    }
}

extension MutableRawSpan {
    /// Applies `delta` to the checksum of the TCP header at the start, if that much of it is there.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func applyTCP(_ delta: ChecksumDelta) {
        guard byteCount >= TCPOffset.checksum &+ 2 else { return }
        setU16(TCPOffset.checksum, delta.applied(to: u16(TCPOffset.checksum)))
    }
}
