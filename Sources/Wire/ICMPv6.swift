// ICMPv6 (RFC 4443): the header view, its mutable twin, and the value that builds messages.
//
// Invariant: a view exists only over eight bytes, which every message that is forwarded or answered
// here has. Unlike ICMP's, the checksum covers the addresses: a rewrite brings the noted address
// changes along. An error quotes the packet it is about from byte eight on.

/// The type of an ICMPv6 message (IANA icmpv6-parameters).
public struct ICMPv6Type: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable public static var destinationUnreachable: Self { Self(rawValue: 1) }
    @inlinable public static var packetTooBig: Self { Self(rawValue: 2) }
    @inlinable public static var timeExceeded: Self { Self(rawValue: 3) }
    @inlinable public static var parameterProblem: Self { Self(rawValue: 4) }
    @inlinable public static var echoRequest: Self { Self(rawValue: 128) }
    @inlinable public static var echoReply: Self { Self(rawValue: 129) }
    @inlinable public static var neighborSolicitation: Self { Self(rawValue: 135) }
    @inlinable public static var neighborAdvertisement: Self { Self(rawValue: 136) }

    /// An error, which quotes the packet it is about: the high bit is clear.
    @inlinable public var isError: Bool { rawValue < 128 }
    @inlinable public var isEcho: Bool { self == .echoRequest || self == .echoReply }
}

/// Codes of a destination unreachable message.
public enum ICMPv6UnreachableCode {
    public static let noRoute: UInt8 = 0
    public static let prohibited: UInt8 = 1
    /// Beyond the scope of the source address.
    public static let scope: UInt8 = 2
    public static let address: UInt8 = 3
    public static let port: UInt8 = 4
}

/// A read-only view of an ICMPv6 message.
public struct ICMPv6Header: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil when fewer than eight bytes are there.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= ICMPOffset.payload else { return nil }
        self.bytes = bytes
    }

    @inlinable public var type: ICMPv6Type { ICMPv6Type(rawValue: bytes.u8(0)) }
    @inlinable public var code: UInt8 { bytes.u8(ICMPOffset.code) }
    @inlinable public var checksum: UInt16 { bytes.u16(ICMPOffset.checksum) }
    /// The second word, whose meaning depends on the type.
    @inlinable public var parameter: UInt32 { bytes.u32(ICMPOffset.parameter) }
    /// Of an echo message.
    @inlinable public var identifier: UInt16 { bytes.u16(ICMPOffset.identifier) }
    /// Of an echo message.
    @inlinable public var sequence: UInt16 { bytes.u16(ICMPOffset.sequence) }
    /// The next hop's MTU, in a packet too big message.
    @inlinable public var mtu: UInt32 { parameter }

    /// What follows the eight bytes: an error's quoted packet, an echo's data.
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(ICMPOffset.payload) }
    }

    /// Where an error's quoted packet starts, from the start of this header; nil in other messages.
    @inlinable public var quoteOffset: Int? { type.isError ? ICMPOffset.payload : nil }

    /// Whether the checksum is right, given that the bytes are the whole IP payload.
    public func isChecksumValid(between addresses: AddressPair) -> Bool {
        let seed = addresses.pseudoHeader(proto: .icmpv6, byteCount: bytes.byteCount)
        return Checksum.of(bytes, seed: seed) == 0
    }
}

/// A view that can change the fields a translator may change, each with the checksum.
public struct MutableICMPv6Header: ~Copyable, ~Escapable {
    @usableFromInline var bytes: MutableRawSpan

    /// Nil in the same cases as `ICMPv6Header`; the header starts at `offset` of `bytes`.
    @inlinable @inline(__always)
    @_lifetime(&bytes)
    public init?(_ bytes: inout MutableRawSpan, at offset: Int = 0) {
        guard ICMPv6Header(bytes.bytes.from(offset)) != nil else { return nil }
        self.bytes = bytes.tail(from: offset)
    }

    /// The same header, to read.
    @inlinable public var header: ICMPv6Header? {
        @_lifetime(borrow self)
        get { ICMPv6Header(bytes.bytes) }
    }

    /// Replaces the type and sets the code to zero, as when a request becomes its reply.
    @inlinable @inline(__always)
    public mutating func setType(_ type: ICMPv6Type) {
        bytes.setICMPWord(0, UInt16(type.rawValue) << 8)
    }

    /// Replaces the identifier of an echo message.
    @inlinable @inline(__always)
    public mutating func setIdentifier(_ identifier: UInt16) {
        bytes.setICMPWord(ICMPOffset.identifier, identifier)
    }

    /// Replaces the next hop's MTU.
    @inlinable @inline(__always)
    public mutating func setMTU(_ mtu: UInt32) {
        bytes.setICMPWord(ICMPOffset.parameter, UInt16(truncatingIfNeeded: mtu >> 16))
        bytes.setICMPWord(ICMPOffset.mtu, UInt16(truncatingIfNeeded: mtu))
    }

    /// Corrects the checksum after addresses or the quoted packet have changed by `delta`.
    @inlinable @inline(__always)
    public mutating func apply(_ delta: ChecksumDelta) { bytes.applyICMP(delta) }
}

/// The first eight bytes of an ICMPv6 message.
public struct ICMPv6Fields: Equatable, Sendable {
    public static let byteCount = 8
    /// RFC 4443, section 2.4: as much of the packet as keeps the error within the minimum IPv6 MTU
    /// of 1280 bytes, less an IPv6 header and this one.
    public static let quoteByteCountMax = 1280 - 40 - 8

    public var type: ICMPv6Type
    public var code: UInt8
    public var parameter: UInt32
    public var payloadByteCount: Int

    public init(type: ICMPv6Type, code: UInt8 = 0, parameter: UInt32 = 0, payloadByteCount: Int) {
        self.type = type
        self.code = code
        self.parameter = parameter
        self.payloadByteCount = payloadByteCount
    }

    public static func echo(
        _ type: ICMPv6Type, identifier: UInt16, sequence: UInt16, payloadByteCount: Int
    ) -> Self {
        Self(
            type: type, parameter: UInt32(identifier) << 16 | UInt32(sequence),
            payloadByteCount: payloadByteCount)
    }

    /// The error with one of `ICMPv6UnreachableCode`, quoting from a packet of `packetByteCount`.
    public static func destinationUnreachable(code: UInt8, quoting packetByteCount: Int) -> Self {
        error(.destinationUnreachable, code: code, quoting: packetByteCount)
    }

    /// The error that tells the next hop's MTU.
    public static func packetTooBig(mtu: UInt32, quoting packetByteCount: Int) -> Self {
        error(.packetTooBig, code: 0, parameter: mtu, quoting: packetByteCount)
    }

    /// The error for a hop limit that ran out in transit.
    public static func timeExceeded(quoting packetByteCount: Int) -> Self {
        error(.timeExceeded, code: 0, quoting: packetByteCount)
    }

    private static func error(
        _ type: ICMPv6Type, code: UInt8, parameter: UInt32 = 0, quoting packetByteCount: Int
    ) -> Self {
        let quoteByteCount = min(packetByteCount, quoteByteCountMax)
        return Self(
            type: type, code: code, parameter: parameter, payloadByteCount: quoteByteCount)
    }

    /// Writes the header to the first eight bytes of `bytes`, with a checksum over it and over the
    /// `payloadByteCount` bytes that already follow it.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan, between addresses: AddressPair) {
        bytes.setU16(0, UInt16(type.rawValue) << 8 | UInt16(code))
        bytes.setU16(ICMPOffset.checksum, 0)
        bytes.setU32(ICMPOffset.parameter, parameter)
        let messageByteCount = Self.byteCount + payloadByteCount
        let seed = addresses.pseudoHeader(proto: .icmpv6, byteCount: messageByteCount)
        let checksum = Checksum.of(bytes.bytes.extracting(0..<messageByteCount), seed: seed)
        bytes.setU16(ICMPOffset.checksum, checksum)
    }
}
