// What differs between the families on a director's short way: where things stand in a frame, and how
// an address is replaced.
//
// Invariant: a checksum that covers a changed field changes by the difference (RFC 1624), to the number
// that the general way would come to. One protocol for both families, so that there is one short way
// in the source and one for each family in the machine code.

import Wire

protocol ShortAddress: FlowAddress {
    /// The ways of the family's packets.
    static var request: Glance.Way { get }
    static var reply: Glance.Way { get }
    /// Where the transport header starts.
    static var transport: Int { get }
    static func source(of glance: Glance) -> Self
    static func destination(of glance: Glance) -> Self
    /// What replaces one of them.
    static func target(of glance: Glance) -> Self
    static func set(_ glance: inout Glance, _ target: Self)

    /// The packet as the general way knows it.
    static func packet(_ glance: Glance, in bytes: RawSpan) -> HostPacket

    /// Takes one off the hop limit of the packet in `bytes`.
    static func decrementHopLimit(_ bytes: inout MutableRawSpan)
    /// The same, and replaces one of the addresses; what that means for a transport checksum is the
    /// result.
    static func readdress(
        _ bytes: inout MutableRawSpan, _ end: End, from old: Self, to address: Self
    ) -> ChecksumDelta
}

extension IPv4Address: ShortAddress {
    @inline(__always) static var request: Glance.Way { .request4 }
    @inline(__always) static var reply: Glance.Way { .reply4 }
    @inline(__always) static var transport: Int { 34 }
    @inline(__always) static func source(of glance: Glance) -> Self { glance.source4 }
    @inline(__always) static func destination(of glance: Glance) -> Self { glance.destination4 }
    @inline(__always) static func target(of glance: Glance) -> Self { glance.target4 }
    @inline(__always) static func set(_ glance: inout Glance, _ target: Self) {
        glance.target4 = target
    }

    static func packet(_ glance: Glance, in bytes: RawSpan) -> HostPacket {
        var packet = HostPacket(glance, transport: transport)
        packet.trafficClass = bytes.u8(15)
        packet.dontFragment = bytes.u8(20) & 0x40 != 0
        packet.hopLimit = bytes.u8(22)
        packet.source = glance.source4.mapped
        packet.destination = glance.destination4.mapped
        return packet
    }

    @inline(__always)
    static func decrementHopLimit(_ bytes: inout MutableRawSpan) {
        decrementHopLimit(&bytes, noting: ChecksumDelta())
    }

    @inline(__always)
    private static func decrementHopLimit(
        _ bytes: inout MutableRawSpan, noting delta: ChecksumDelta
    ) {
        var header = delta
        // The first byte of a word one less: whatever the word was, it makes the same difference.
        header.replace(0x0100 as UInt16, with: 0)
        bytes.setU8(22, bytes.u8(22) &- 1)
        bytes.setU16(24, header.applied(to: bytes.u16(24)))
    }

    @inline(__always)
    static func readdress(
        _ bytes: inout MutableRawSpan, _ end: End, from old: Self, to address: Self
    ) -> ChecksumDelta {
        var delta = ChecksumDelta()
        delta.replace(old.rawValue, with: address.rawValue)
        decrementHopLimit(&bytes, noting: delta)
        bytes.setU32(end == .source ? 26 : 30, address.rawValue)
        return delta
    }
}

extension IPv6Address: ShortAddress {
    @inline(__always) static var request: Glance.Way { .request6 }
    @inline(__always) static var reply: Glance.Way { .reply6 }
    @inline(__always) static var transport: Int { 54 }
    @inline(__always) static func source(of glance: Glance) -> Self { glance.source6 }
    @inline(__always) static func destination(of glance: Glance) -> Self { glance.destination6 }
    @inline(__always) static func target(of glance: Glance) -> Self { glance.target6 }
    @inline(__always) static func set(_ glance: inout Glance, _ target: Self) {
        glance.target6 = target
    }

    static func packet(_ glance: Glance, in bytes: RawSpan) -> HostPacket {
        var packet = HostPacket(glance, transport: transport)
        packet.isIPv4 = false
        packet.trafficClass = UInt8(truncatingIfNeeded: bytes.u16(14) >> 4)
        packet.dontFragment = true
        packet.hopLimit = bytes.u8(21)
        packet.source = glance.source6
        packet.destination = glance.destination6
        return packet
    }

    @inline(__always)
    static func decrementHopLimit(_ bytes: inout MutableRawSpan) {
        bytes.setU8(21, bytes.u8(21) &- 1)
    }

    @inline(__always)
    static func readdress(
        _ bytes: inout MutableRawSpan, _ end: End, from old: Self, to address: Self
    ) -> ChecksumDelta {
        var delta = ChecksumDelta()
        delta.replace(old, with: address)
        decrementHopLimit(&bytes)
        let offset = end == .source ? 22 : 38
        bytes.setU64(offset, address.high)
        bytes.setU64(offset &+ 8, address.low)
        return delta
    }
}

extension HostPacket {
    fileprivate init(_ glance: Glance, transport: Int) {
        self.init()
        network = EthernetFields.byteCount
        self.transport = transport
        end = network &+ glance.byteCount
        proto = glance.proto
        isForHost = true
    }
}
