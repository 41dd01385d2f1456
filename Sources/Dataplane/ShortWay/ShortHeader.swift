// The IP headers that the short way knows: IPv4 without options and IPv6 without extensions, in an
// untagged frame, whole and with a hop to spare.
//
// Invariant: what is read here, `parse` reads alike. One protocol for both families, so that there is
// one short way in the source and one for each family in the machine code.

import Wire

/// An IP header of one family, in registers.
protocol ShortHeader {
    associatedtype Address: FlowAddress
    /// Of the header alone.
    static var byteCount: Int { get }
    var source: Address { get }
    var destination: Address { get }
    var proto: IPProtocol { get }
    var trafficClass: UInt8 { get }
    /// Length of the IP packet.
    var packetByteCount: Int { get }

    /// Whether a packet may have these addresses, whoever it is for.
    static func mayPass(from source: Address, to destination: Address) -> Bool

    /// Why a packet may not pass that has such addresses as it may not have.
    static func complaint(from source: Address, to destination: Address) -> Drop

    /// Source and destination of a frame that starts at `base` of `bytes`, which hold its header.
    static func addresses(_ bytes: RawSpan, at base: Int) -> Address.Pair

    /// The header of a frame that starts at `base` of `bytes`, which hold it, has the family's
    /// EtherType and had `wireByteCount` on the wire. `withAnyAddresses` leaves `mayPass` to be asked.
    init?(_ bytes: RawSpan, at base: Int, wireByteCount: Int, withAnyAddresses: Bool)

    /// An endpoint's address of this family.
    static func address(of endpoint: ShortEndpoint) -> Address?

    /// Whether clients send to it, most likely as an address of `node`.
    static func isNode(
        _ address: Address, near node: NodeIndex, in program: borrowing Program
    ) -> Bool

    /// The same, most likely as an address of the program's own node.
    static func isNode(_ address: Address, in program: borrowing Program) -> Bool

    /// Whether it is this node's own VTEP.
    static func isVTEP(_ address: Address, of program: borrowing Program) -> Bool

    /// Takes one off the hop limit of the frame in `bytes` and replaces the address of an end; what that
    /// means for a transport checksum as it lies in memory is the result.
    static func redirect(
        _ bytes: inout MutableRawSpan, _ end: End, to address: Address
    ) -> ChecksumDelta
}

/// Whether the checksum of an IPv4 header without options is right: the sum of its words is a multiple
/// of 0xffff, in either byte order. It is not zero where the header has a version. Carries out of 64 bits
/// go back in at the other end, for 2^64 leaves one when divided by 0xffff.
@inline(__always)
func isIPv4ChecksumRight(_ bytes: RawSpan, at offset: Int) -> Bool {
    let (half, halfCarry) = bytes.memory64(offset)
        .addingReportingOverflow(bytes.memory64(offset &+ 8))
    let (sum, carry) = (half &+ (halfCarry ? 1 : 0))
        .addingReportingOverflow(UInt64(bytes.memory32(offset &+ 16)))
    return (sum &+ (carry ? 1 : 0)) % 0xffff == 0
}

struct ShortIPv4: ShortHeader {
    static let byteCount = 20

    let source: IPv4Address
    let destination: IPv4Address
    let proto: IPProtocol
    let trafficClass: UInt8
    let packetByteCount: Int

    @inline(__always)
    init?(_ bytes: RawSpan, at base: Int, wireByteCount: Int, withAnyAddresses: Bool) {
        source = IPv4Address(rawValue: bytes.u32(base &+ 26))
        destination = IPv4Address(rawValue: bytes.u32(base &+ 30))
        packetByteCount = Int(bytes.u16(base &+ 16))
        trafficClass = bytes.u8(base &+ 15)
        proto = IPProtocol(rawValue: bytes.u8(base &+ 23))
        // Version 4, five words of header; no fragment; a hop to spare.
        guard bytes.u8(base &+ 14) == 0x45, bytes.u16(base &+ 20) & 0x3fff == 0,
            bytes.u8(base &+ 22) > 1, isIPv4ChecksumRight(bytes, at: base &+ 14),
            withAnyAddresses || Self.mayPass(from: source, to: destination),
            packetByteCount <= wireByteCount &- 14
        else { return nil }
    }

    @inline(__always)
    static func mayPass(from source: IPv4Address, to destination: IPv4Address) -> Bool {
        !source.isMartian && source != destination
    }

    static func complaint(from source: IPv4Address, to destination: IPv4Address) -> Drop {
        .martianSource
    }

    @inline(__always)
    static func addresses(_ bytes: RawSpan, at base: Int) -> UInt64 { bytes.u64(base &+ 26) }

    @inline(__always)
    static func address(of endpoint: ShortEndpoint) -> IPv4Address? {
        endpoint.address4.rawValue == 0 ? nil : endpoint.address4
    }

    @inline(__always)
    static func isVTEP(_ address: IPv4Address, of program: borrowing Program) -> Bool {
        address.rawValue.bigEndian == program.tunnelEnd.address
    }

    @inline(__always)
    static func isNode(_ address: IPv4Address, in program: borrowing Program) -> Bool {
        program.isNode(address)
    }

    @inline(__always)
    static func isNode(
        _ address: IPv4Address, near node: NodeIndex, in program: borrowing Program
    ) -> Bool {
        program.addresses.isNode(address, near: node)
    }

    @inline(__always)
    static func redirect(
        _ bytes: inout MutableRawSpan, _ end: End, to address: IPv4Address
    ) -> ChecksumDelta {
        let target = address.rawValue.bigEndian
        let offset = end == .source ? 26 : 30
        var delta = ChecksumDelta()
        delta.replace(bytes.memory32(offset), with: target)
        var header = delta
        // The first byte of a word one less: whatever the word was, it makes the same difference.
        header.replace((0x0100 as UInt16).bigEndian, with: 0)
        bytes.setU8(22, bytes.u8(22) &- 1)
        bytes.setMemory(24, header.applied(to: bytes.memory16(24)))
        bytes.setMemory(offset, target)
        return delta
    }
}

struct ShortIPv6: ShortHeader {
    static let byteCount = 40

    let source: IPv6Address
    let destination: IPv6Address
    let proto: IPProtocol
    let trafficClass: UInt8
    let packetByteCount: Int

    @inline(__always)
    init?(_ bytes: RawSpan, at base: Int, wireByteCount: Int, withAnyAddresses: Bool) {
        let first = bytes.u32(base &+ 12)
        let second = bytes.u32(base &+ 18)
        // Version 6; a hop to spare.
        guard first & 0xf000 == 0x6000, second & 0xff > 1 else {
            return nil
        }
        source = IPv6Address(high: bytes.u64(base &+ 22), low: bytes.u64(base &+ 30))
        destination = IPv6Address(high: bytes.u64(base &+ 38), low: bytes.u64(base &+ 46))
        packetByteCount = Self.byteCount &+ Int(second >> 16)
        guard packetByteCount <= wireByteCount &- 14 else { return nil }
        trafficClass = UInt8(truncatingIfNeeded: first >> 4)
        proto = IPProtocol(rawValue: UInt8(truncatingIfNeeded: second >> 8))
        guard withAnyAddresses || Self.mayPass(from: source, to: destination) else { return nil }
    }

    @inline(__always)
    static func mayPass(from source: IPv6Address, to destination: IPv6Address) -> Bool {
        !source.isMartian && !source.isLinkLocal && source != destination
            && !destination.isIPv4Mapped
    }

    static func complaint(from source: IPv6Address, to destination: IPv6Address) -> Drop {
        destination.isIPv4Mapped && !source.isMartian && !source.isLinkLocal
            && source != destination
            ? .notForMesh : .martianSource
    }

    @inline(__always)
    static func addresses(_ bytes: RawSpan, at base: Int) -> IPv6Address.Pair {
        IPv6Address.pair(
            IPv6Address(high: bytes.u64(base &+ 22), low: bytes.u64(base &+ 30)),
            IPv6Address(high: bytes.u64(base &+ 38), low: bytes.u64(base &+ 46)))
    }

    @inline(__always)
    static func address(of endpoint: ShortEndpoint) -> IPv6Address? {
        endpoint.address6.high | endpoint.address6.low == 0 ? nil : endpoint.address6
    }

    @inline(__always)
    static func isVTEP(_ address: IPv6Address, of program: borrowing Program) -> Bool {
        address == program.own.vtep
    }

    @inline(__always)
    static func isNode(_ address: IPv6Address, in program: borrowing Program) -> Bool {
        program.isNode(address)
    }

    @inline(__always)
    static func isNode(
        _ address: IPv6Address, near node: NodeIndex, in program: borrowing Program
    ) -> Bool {
        program.addresses.isNode(address, near: node)
    }

    @inline(__always)
    static func redirect(
        _ bytes: inout MutableRawSpan, _ end: End, to address: IPv6Address
    ) -> ChecksumDelta {
        let target = IPv6Address(high: address.high.bigEndian, low: address.low.bigEndian)
        let offset = end == .source ? 22 : 38
        let before = IPv6Address(
            high: bytes.memory64(offset), low: bytes.memory64(offset &+ 8))
        var delta = ChecksumDelta()
        delta.replace(before, with: target)
        bytes.setU8(21, bytes.u8(21) &- 1)
        bytes.setMemory(offset, target.high)
        bytes.setMemory(offset &+ 8, target.low)
        return delta
    }
}
