// ICMP (RFC 792): the header view, its mutable twin, and the value that builds messages.
//
// Invariant: a view exists only over eight bytes. The checksum covers the whole message and no
// address. An error quotes the packet it is about from byte eight on; how much of a packet may be
// quoted is said once, in `quoteByteCountMax`.

/// Field offsets in bytes from the start of the header; ICMPv6 has the same.
@usableFromInline enum ICMPOffset {
    @usableFromInline static var code: Int { 1 }
    @usableFromInline static var checksum: Int { 2 }
    @usableFromInline static var parameter: Int { 4 }
    @usableFromInline static var identifier: Int { 4 }
    @usableFromInline static var sequence: Int { 6 }
    @usableFromInline static var mtu: Int { 6 }
    @usableFromInline static var payload: Int { 8 }
}

/// The type of an ICMP message (IANA icmp-parameters).
public struct ICMPType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var echoReply: Self { Self(rawValue: 0) }
    @inlinable public static var destinationUnreachable: Self { Self(rawValue: 3) }
    @inlinable public static var sourceQuench: Self { Self(rawValue: 4) }
    @inlinable public static var redirect: Self { Self(rawValue: 5) }
    @inlinable public static var echoRequest: Self { Self(rawValue: 8) }
    @inlinable public static var timeExceeded: Self { Self(rawValue: 11) }
    @inlinable public static var parameterProblem: Self { Self(rawValue: 12) }

    /// An error, which quotes the packet it is about (RFC 1122, section 3.2.2).
    @inlinable public var isError: Bool {
        self == .destinationUnreachable || self == .timeExceeded || self == .parameterProblem
            || self == .redirect || self == .sourceQuench
    }
    @inlinable public var isEcho: Bool { self == .echoRequest || self == .echoReply }
}

/// Codes of a destination unreachable message.
public enum ICMPUnreachableCode {
    public static let network: UInt8 = 0
    public static let host: UInt8 = 1
    public static let proto: UInt8 = 2
    public static let port: UInt8 = 3
    public static let fragmentationNeeded: UInt8 = 4
    public static let prohibited: UInt8 = 13
}

/// A read-only view of an ICMP message.
public struct ICMPHeader: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil when fewer than eight bytes are there.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= ICMPOffset.payload else { return nil }
        self.bytes = bytes
    }

    @inlinable public var type: ICMPType { ICMPType(rawValue: bytes.u8(0)) }
    @inlinable public var code: UInt8 { bytes.u8(ICMPOffset.code) }
    @inlinable public var checksum: UInt16 { bytes.u16(ICMPOffset.checksum) }
    /// The second word, whose meaning depends on the type.
    @inlinable public var parameter: UInt32 { bytes.u32(ICMPOffset.parameter) }
    /// Of an echo message.
    @inlinable public var identifier: UInt16 { bytes.u16(ICMPOffset.identifier) }
    /// Of an echo message.
    @inlinable public var sequence: UInt16 { bytes.u16(ICMPOffset.sequence) }
    @inlinable public var isFragmentationNeeded: Bool {
        type == .destinationUnreachable && code == ICMPUnreachableCode.fragmentationNeeded
    }
    /// The next hop's MTU, when `isFragmentationNeeded` (RFC 1191); zero from an older router.
    @inlinable public var mtu: UInt16 { bytes.u16(ICMPOffset.mtu) }

    /// What follows the eight bytes: an error's quoted packet, an echo's data.
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(ICMPOffset.payload) }
    }

    /// Where an error's quoted packet starts, from the start of this header; nil in other messages.
    @inlinable public var quoteOffset: Int? { type.isError ? ICMPOffset.payload : nil }

    /// Whether the checksum is right, given that the bytes are the whole IP payload.
    public var isChecksumValid: Bool { Checksum.of(bytes) == 0 }
}

/// A view that can change the fields a translator may change, each with the checksum.
public struct MutableICMPHeader: ~Copyable, ~Escapable {
    @usableFromInline var bytes: MutableRawSpan

    /// Nil in the same cases as `ICMPHeader`; the header starts at `offset` of `bytes`.
    @inlinable @inline(__always)
    @_lifetime(&bytes)
    public init?(_ bytes: inout MutableRawSpan, at offset: Int = 0) {
        guard ICMPHeader(bytes.bytes.from(offset)) != nil else { return nil }
        self.bytes = bytes.tail(from: offset)
    }

    /// The same header, to read.
    @inlinable public var header: ICMPHeader? {
        @_lifetime(borrow self)
        get { ICMPHeader(bytes.bytes) }
    }

    /// Replaces the type and sets the code to zero, as when a request becomes its reply.
    @inlinable @inline(__always)
    public mutating func setType(_ type: ICMPType) {
        bytes.setICMPWord(0, UInt16(type.rawValue) << 8)
    }

    /// Replaces the identifier of an echo message.
    @inlinable @inline(__always)
    public mutating func setIdentifier(_ identifier: UInt16) {
        bytes.setICMPWord(ICMPOffset.identifier, identifier)
    }

    /// Replaces the next hop's MTU.
    @inlinable @inline(__always)
    public mutating func setMTU(_ mtu: UInt16) { bytes.setICMPWord(ICMPOffset.mtu, mtu) }

    /// Corrects the checksum after the quoted packet has changed by `delta`, which `replaceSum`
    /// can tell from the sums of the quote before and after.
    @inlinable @inline(__always)
    public mutating func apply(_ delta: ChecksumDelta) { bytes.applyICMP(delta) }
}

/// The first eight bytes of an ICMP message.
public struct ICMPFields: Equatable, Sendable {
    public static let byteCount = 8
    /// RFC 1812, section 4.3.2.3: as much of the packet as keeps the error within 576 bytes, less
    /// an IPv4 header without options and this one.
    public static let quoteByteCountMax = 576 - 20 - 8

    public var type: ICMPType
    public var code: UInt8
    public var parameter: UInt32
    public var payloadByteCount: Int

    public init(type: ICMPType, code: UInt8 = 0, parameter: UInt32 = 0, payloadByteCount: Int) {
        self.type = type
        self.code = code
        self.parameter = parameter
        self.payloadByteCount = payloadByteCount
    }

    public static func echo(
        _ type: ICMPType, identifier: UInt16, sequence: UInt16, payloadByteCount: Int
    ) -> Self {
        Self(
            type: type, parameter: UInt32(identifier) << 16 | UInt32(sequence),
            payloadByteCount: payloadByteCount)
    }

    /// The error with one of `ICMPUnreachableCode`, quoting from a packet of `packetByteCount`.
    public static func destinationUnreachable(code: UInt8, quoting packetByteCount: Int) -> Self {
        error(.destinationUnreachable, code: code, quoting: packetByteCount)
    }

    /// The error that tells the next hop's MTU (RFC 1191, section 4).
    public static func fragmentationNeeded(mtu: UInt16, quoting packetByteCount: Int) -> Self {
        let code = ICMPUnreachableCode.fragmentationNeeded
        return error(
            .destinationUnreachable, code: code, parameter: UInt32(mtu), quoting: packetByteCount)
    }

    /// The error for a TTL that ran out in transit.
    public static func timeExceeded(quoting packetByteCount: Int) -> Self {
        error(.timeExceeded, code: 0, quoting: packetByteCount)
    }

    private static func error(
        _ type: ICMPType, code: UInt8, parameter: UInt32 = 0, quoting packetByteCount: Int
    ) -> Self {
        let quoteByteCount = min(packetByteCount, quoteByteCountMax)
        return Self(
            type: type, code: code, parameter: parameter, payloadByteCount: quoteByteCount)
    }

    /// Writes the header to the first eight bytes of `bytes`, with a checksum over it and over the
    /// `payloadByteCount` bytes that already follow it.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        bytes.setU16(0, UInt16(type.rawValue) << 8 | UInt16(code))
        bytes.setU16(ICMPOffset.checksum, 0)
        bytes.setU32(ICMPOffset.parameter, parameter)
        let checksum = Checksum.of(bytes.bytes.extracting(0..<Self.byteCount + payloadByteCount))
        bytes.setU16(ICMPOffset.checksum, checksum)
    }
}

extension MutableRawSpan {
    /// Replaces one 16-bit word of the ICMP header at the start and corrects the checksum.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func setICMPWord(_ offset: Int, _ value: UInt16) {
        var delta = ChecksumDelta()
        delta.replace(u16(offset), with: value)
        setU16(offset, value)
        applyICMP(delta)
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    mutating func applyICMP(_ delta: ChecksumDelta) {
        setU16(ICMPOffset.checksum, delta.applied(to: u16(ICMPOffset.checksum)))
    }
}
