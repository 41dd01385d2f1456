// IPv4 (RFC 791): the header view, its mutable twin, and the plain value that builds one.
//
// Invariant: a view exists only over a header that is wholly there: version 4, length field within
// the bytes, total length no smaller than the header. No accessor can fail after that. The total
// length may exceed the bytes at hand, as in a trace cut by a snap length; `payload` is what is
// there. Address and TTL changes keep the header checksum right by RFC 1624.

/// Field offsets in bytes from the start of the header.
@usableFromInline enum IPv4Offset {
    @usableFromInline static var trafficClass: Int { 1 }
    @usableFromInline static var totalLength: Int { 2 }
    @usableFromInline static var identification: Int { 4 }
    @usableFromInline static var fragment: Int { 6 }
    @usableFromInline static var ttl: Int { 8 }
    @usableFromInline static var proto: Int { 9 }
    @usableFromInline static var checksum: Int { 10 }
    @usableFromInline static var source: Int { 12 }
    @usableFromInline static var destination: Int { 16 }
    @usableFromInline static var options: Int { 20 }
}

/// A read-only view of an IPv4 header and what follows it.
public struct IPv4Header: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil unless `bytes` starts with a complete, plausible IPv4 header.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= 20 else { return nil }
        let first = bytes.u8(0)
        let headerByteCount = Int(first & 0x0f) &* 4
        guard first >> 4 == 4, headerByteCount >= 20, headerByteCount <= bytes.byteCount,
            Int(bytes.u16(IPv4Offset.totalLength)) >= headerByteCount
        else { return nil }
        self.bytes = bytes
    }

    @inlinable public var headerByteCount: Int { Int(bytes.u8(0) & 0x0f) &* 4 }
    @inlinable public var trafficClass: UInt8 { bytes.u8(IPv4Offset.trafficClass) }
    /// The length the header claims, header included; may exceed what was captured.
    @inlinable public var totalByteCount: Int { Int(bytes.u16(IPv4Offset.totalLength)) }
    @inlinable public var identification: UInt16 { bytes.u16(IPv4Offset.identification) }
    @inlinable public var dontFragment: Bool { bytes.u8(IPv4Offset.fragment) & 0x40 != 0 }
    @inlinable public var moreFragments: Bool { bytes.u8(IPv4Offset.fragment) & 0x20 != 0 }
    /// In bytes.
    @inlinable public var fragmentOffset: Int {
        Int(bytes.u16(IPv4Offset.fragment) & 0x1fff) &* 8
    }
    @inlinable public var isFragment: Bool { bytes.u16(IPv4Offset.fragment) & 0x3fff != 0 }
    @inlinable public var isFirstFragment: Bool { bytes.u16(IPv4Offset.fragment) & 0x1fff == 0 }
    @inlinable public var ttl: UInt8 { bytes.u8(IPv4Offset.ttl) }
    @inlinable public var proto: IPProtocol { IPProtocol(rawValue: bytes.u8(IPv4Offset.proto)) }
    @inlinable public var checksum: UInt16 { bytes.u16(IPv4Offset.checksum) }
    @inlinable public var source: IPv4Address {
        IPv4Address(rawValue: bytes.u32(IPv4Offset.source))
    }
    @inlinable public var destination: IPv4Address {
        IPv4Address(rawValue: bytes.u32(IPv4Offset.destination))
    }

    /// The option bytes, empty for a header of 20 bytes.
    @inlinable public var options: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.extracting(IPv4Offset.options..<headerByteCount) }
    }

    /// What follows the header, cut at the total length and at the end of the bytes.
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get {
            bytes.extracting(headerByteCount..<min(totalByteCount, bytes.byteCount))
        }
    }

    /// Header and payload without what the link padded, cut at the end of the bytes.
    @inlinable public var packet: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.extracting(0..<min(totalByteCount, bytes.byteCount)) }
    }

    /// Whether the header's own checksum is right.
    @inlinable @inline(__always)
    public var isChecksumValid: Bool {
        let words =
            UInt64(bytes.u32(0)) &+ UInt64(bytes.u32(4)) &+ UInt64(bytes.u32(8))
            &+ UInt64(bytes.u32(12)) &+ UInt64(bytes.u32(16))
        guard headerByteCount > IPv4Offset.options else { return Checksum.fold(words) == 0xffff }
        return Checksum.of(options, seed: words) == 0
    }
}

/// A view that can change the fields a router may change, each with its checksum.
public struct MutableIPv4Header: ~Copyable, ~Escapable {
    @usableFromInline var bytes: MutableRawSpan

    /// Nil in the same cases as `IPv4Header`; the header starts at `offset` of `bytes`.
    @inlinable @inline(__always)
    @_lifetime(&bytes)
    public init?(_ bytes: inout MutableRawSpan, at offset: Int = 0) {
        guard IPv4Header(bytes.bytes.from(offset)) != nil else { return nil }
        self.bytes = bytes.tail(from: offset)
    }

    /// The same header, to read.
    @inlinable public var header: IPv4Header? {
        @_lifetime(borrow self)
        get { IPv4Header(bytes.bytes) }
    }

    /// Replaces the source address and notes the change in `delta` for the transport checksum.
    @inlinable @inline(__always)
    public mutating func setSource(_ address: IPv4Address, noting delta: inout ChecksumDelta) {
        setAddress(address, at: IPv4Offset.source, noting: &delta)
    }

    /// Replaces the destination address and notes the change in `delta`.
    @inlinable @inline(__always)
    public mutating func setDestination(_ address: IPv4Address, noting delta: inout ChecksumDelta) {
        setAddress(address, at: IPv4Offset.destination, noting: &delta)
    }

    /// Takes one off the TTL, which must not be zero.
    @inlinable @inline(__always)
    public mutating func decrementTTL() {
        let old = bytes.u16(IPv4Offset.ttl)
        precondition(old >= 0x0100)
        setChecked(IPv4Offset.ttl, old &- 0x0100)
    }

    /// Replaces the traffic class (DSCP and ECN).
    @inlinable @inline(__always)
    public mutating func setTrafficClass(_ value: UInt8) {
        setChecked(0, bytes.u16(0) & 0xff00 | UInt16(value))
    }

    /// Lets the packet be cut on its way, or forbids it.
    @inlinable
    public mutating func setDontFragment(_ value: Bool) {
        let old = bytes.u16(IPv4Offset.fragment)
        setChecked(IPv4Offset.fragment, value ? old | 0x4000 : old & ~0x4000)
    }

    /// Makes the packet no fragment any more, `dataByteCount` long.
    public mutating func setWhole(dataByteCount: Int, dontFragment: Bool) {
        setChecked(IPv4Offset.fragment, dontFragment ? 0x4000 : 0)
        let headerByteCount = Int(bytes.u8(0) & 0x0f) * 4
        setChecked(
            IPv4Offset.totalLength, UInt16(truncatingIfNeeded: headerByteCount + dataByteCount))
    }

    /// Replaces the option byte at `offset` of the header.
    public mutating func setOption(_ offset: Int, _ value: UInt8) {
        setOptionByte(offset, value)
    }

    /// Makes the checksum right, whatever it was.
    public mutating func refreshChecksum() {
        bytes.setU16(IPv4Offset.checksum, 0)
        let headerByteCount = Int(bytes.u8(0) & 0x0f) * 4
        bytes.setU16(
            IPv4Offset.checksum, Checksum.of(bytes.bytes.extracting(0..<headerByteCount)))
    }

    /// Makes the packet a fragment of what it was: its data starts `advance` bytes further on, a
    /// multiple of eight, and is `dataByteCount` long. More follow if `more`, or if more followed
    /// the packet itself.
    public mutating func setFragment(advancedBy advance: Int, dataByteCount: Int, more: Bool) {
        let old = bytes.u16(IPv4Offset.fragment)
        let offset = UInt16(truncatingIfNeeded: Int(old & 0x1fff) + advance / 8) & 0x1fff
        setChecked(IPv4Offset.fragment, old & 0xe000 | (more ? 0x2000 : 0) | offset)
        let headerByteCount = Int(bytes.u8(0) & 0x0f) * 4
        setChecked(
            IPv4Offset.totalLength, UInt16(truncatingIfNeeded: headerByteCount + dataByteCount))
    }

    /// Turns options that only the first fragment carries into padding (RFC 791, section 3.1: the
    /// copied flag). Malformed options are left as they are.
    public mutating func blankUncopiedOptions() {
        let end = Int(bytes.u8(0) & 0x0f) * 4
        var offset = IPv4Offset.options
        while offset < end, bytes.u8(offset) != 0 {
            let kind = bytes.u8(offset)
            if kind == 1 {
                offset += 1
                continue
            }
            guard offset + 1 < end else { return }
            let length = Int(bytes.u8(offset + 1))
            guard length >= 2, offset + length <= end else { return }
            if kind & 0x80 == 0 {
                for position in offset..<offset + length { setOptionByte(position, 1) }
            }
            offset += length
        }
    }

    private mutating func setOptionByte(_ offset: Int, _ value: UInt8) {
        let word = bytes.u16(offset & ~1)
        let isHigh = offset & 1 == 0
        setChecked(
            offset & ~1, isHigh ? word & 0x00ff | UInt16(value) << 8 : word & 0xff00 | UInt16(value)
        )
    }

    @inlinable @inline(__always)
    mutating func setAddress(
        _ address: IPv4Address, at offset: Int, noting delta: inout ChecksumDelta
    ) {
        var own = ChecksumDelta()
        own.replace(bytes.u32(offset), with: address.rawValue)
        delta.replace(bytes.u32(offset), with: address.rawValue)
        bytes.setU32(offset, address.rawValue)
        bytes.setU16(IPv4Offset.checksum, own.applied(to: bytes.u16(IPv4Offset.checksum)))
    }

    /// Replaces one 16-bit word of the header and corrects the checksum.
    @inlinable @inline(__always)
    mutating func setChecked(_ offset: Int, _ value: UInt16) {
        var delta = ChecksumDelta()
        delta.replace(bytes.u16(offset), with: value)
        bytes.setU16(offset, value)
        bytes.setU16(IPv4Offset.checksum, delta.applied(to: bytes.u16(IPv4Offset.checksum)))
    }
}

/// The fields of an IPv4 header without options, from which one is built.
public struct IPv4Fields: Equatable, Sendable {
    public static let byteCount = 20

    public var source: IPv4Address
    public var destination: IPv4Address
    public var proto: IPProtocol
    public var payloadByteCount: Int
    public var ttl: UInt8 = 64
    public var trafficClass: UInt8 = 0
    public var identification: UInt16 = 0
    public var dontFragment = true
    public var moreFragments = false
    /// In bytes, a multiple of eight.
    public var fragmentOffset = 0

    public init(
        source: IPv4Address, destination: IPv4Address, proto: IPProtocol, payloadByteCount: Int
    ) {
        self.source = source
        self.destination = destination
        self.proto = proto
        self.payloadByteCount = payloadByteCount
    }

    /// Writes the header with its checksum to the first 20 bytes of `bytes`. The sum is taken over
    /// the words written, not over memory: loads would have to wait for the stores.
    @inline(__always)
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        let totalByteCount = UInt16(truncatingIfNeeded: Self.byteCount + payloadByteCount)
        let flags: UInt16 = (dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0)
        let fragment = flags | UInt16(truncatingIfNeeded: fragmentOffset / 8) & 0x1fff
        let first = 0x4500_0000 | UInt32(trafficClass) << 16 | UInt32(totalByteCount)
        let second = UInt32(identification) << 16 | UInt32(fragment)
        let third = UInt32(ttl) << 24 | UInt32(proto.rawValue) << 16
        let sum =
            UInt64(first) &+ UInt64(second) &+ UInt64(third) &+ UInt64(source.rawValue)
            &+ UInt64(destination.rawValue)
        bytes.setU32(0, first)
        bytes.setU32(IPv4Offset.identification, second)
        bytes.setU32(IPv4Offset.ttl, third | UInt32(~Checksum.fold(sum)))
        bytes.setU32(IPv4Offset.source, source.rawValue)
        bytes.setU32(IPv4Offset.destination, destination.rawValue)
    }
}
