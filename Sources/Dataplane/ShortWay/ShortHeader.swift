// The IP headers that the short way knows: IPv4 without options and IPv6 without extensions, in an
// untagged frame, whole, with a hop to spare and addresses that a sender can have.
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

    /// The header of a frame that starts at `base` of `bytes`, which hold it, has the family's
    /// EtherType and had `wireByteCount` on the wire.
    init?(_ bytes: RawSpan, at base: Int, wireByteCount: Int)

    /// An endpoint's address of this family.
    static func address(of endpoint: ShortEndpoint) -> Address?

    /// Whether clients send to it.
    static func isNode(_ address: Address, in program: borrowing Program) -> Bool

    /// Whether it is this node's own VTEP.
    static func isVTEP(_ address: Address, of program: borrowing Program) -> Bool

    /// Takes one off the hop limit of the frame in `bytes` and replaces the destination; what that
    /// means for a transport checksum is the result.
    static func redirect(
        _ bytes: inout MutableRawSpan, from old: Address, to address: Address
    ) -> ChecksumDelta
}

/// Whether the checksum of an IPv4 header without options is right: the sum of its words is a multiple
/// of 0xffff. It is not zero where the header has a version. Carries out of 64 bits go back in at the
/// other end, for 2^64 leaves one when divided by 0xffff.
@inline(__always)
func isIPv4ChecksumRight(_ first: UInt64, _ second: UInt64, _ third: UInt32) -> Bool {
    let (half, halfCarry) = first.addingReportingOverflow(second)
    let (sum, carry) = (half &+ (halfCarry ? 1 : 0)).addingReportingOverflow(UInt64(third))
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
    init?(_ bytes: RawSpan, at base: Int, wireByteCount: Int) {
        let first = bytes.u64(base &+ 14)
        let second = bytes.u64(base &+ 22)
        let target = bytes.u32(base &+ 30)
        // Version 4, five words of header; no fragment; a hop to spare.
        guard first & 0xff00_0000_0000_3fff == 0x4500_0000_0000_0000, second >> 57 != 0 else {
            return nil
        }
        let sender = UInt32(truncatingIfNeeded: second)
        source = IPv4Address(rawValue: sender)
        guard isIPv4ChecksumRight(first, second, target), !source.isMartian, sender != target
        else { return nil }
        packetByteCount = Int(first >> 32 & 0xffff)
        guard packetByteCount <= wireByteCount &- 14 else { return nil }
        destination = IPv4Address(rawValue: target)
        trafficClass = UInt8(truncatingIfNeeded: first >> 48)
        proto = IPProtocol(rawValue: UInt8(truncatingIfNeeded: second >> 48))
    }

    @inline(__always)
    static func address(of endpoint: ShortEndpoint) -> IPv4Address? {
        endpoint.address4.rawValue == 0 ? nil : endpoint.address4
    }

    @inline(__always)
    static func isVTEP(_ address: IPv4Address, of program: borrowing Program) -> Bool {
        address.rawValue == program.vtep4
    }

    @inline(__always)
    static func isNode(_ address: IPv4Address, in program: borrowing Program) -> Bool {
        program.addresses.slot(of: address, in: .clients).kind == .node
    }

    @inline(__always)
    static func redirect(
        _ bytes: inout MutableRawSpan, from old: IPv4Address, to address: IPv4Address
    ) -> ChecksumDelta {
        var delta = ChecksumDelta()
        delta.replace(old.rawValue, with: address.rawValue)
        var header = delta
        // The first byte of a word one less: whatever the word was, it makes the same difference.
        header.replace(0x0100 as UInt16, with: 0)
        bytes.setU8(22, bytes.u8(22) &- 1)
        bytes.setU16(24, header.applied(to: bytes.u16(24)))
        bytes.setU32(30, address.rawValue)
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
    init?(_ bytes: RawSpan, at base: Int, wireByteCount: Int) {
        let first = bytes.u32(base &+ 12)
        let second = bytes.u32(base &+ 18)
        // Version 6; a hop to spare.
        guard first & 0xf000 == 0x6000, second & 0xff > 1 else {
            return nil
        }
        source = IPv6Address(high: bytes.u64(base &+ 22), low: bytes.u64(base &+ 30))
        destination = IPv6Address(high: bytes.u64(base &+ 38), low: bytes.u64(base &+ 46))
        guard !source.isMartian, source != destination, !destination.isIPv4Mapped else {
            return nil
        }
        packetByteCount = Self.byteCount &+ Int(second >> 16)
        guard packetByteCount <= wireByteCount &- 14 else { return nil }
        trafficClass = UInt8(truncatingIfNeeded: first >> 4)
        proto = IPProtocol(rawValue: UInt8(truncatingIfNeeded: second >> 8))
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
        if case .node = program.addresses.find(address, in: .clients) { return true }
        return false
    }

    @inline(__always)
    static func redirect(
        _ bytes: inout MutableRawSpan, from old: IPv6Address, to address: IPv6Address
    ) -> ChecksumDelta {
        var delta = ChecksumDelta()
        delta.replace(old, with: address)
        bytes.setU8(21, bytes.u8(21) &- 1)
        bytes.setU64(38, address.high)
        bytes.setU64(46, address.low)
        return delta
    }
}
