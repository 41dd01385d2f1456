// What a director's short way knows of a frame before its turn comes: the header in a handful of words,
// which way the packet goes, and where its connection would stand. Glances of a stretch lie beside each
// other.
//
// Invariant: whatever has a way, `examine` would read as the same packet, with nothing wrong, no options
// or extensions, whole, with a hop to spare and a transport header that is wholly there; it opens
// nothing. A glance says nothing of any table, so nothing that happens to other packets makes it wrong.

import Wire

struct Glance: Sendable {
    enum Way: UInt8 {
        /// To an address of the host: a client's, most likely. The lowest bit says which family.
        case request4, request6
        /// To another's address: a real server's, most likely.
        case reply4, reply6
        /// The general one.
        case long

        @inline(__always) var isIPv4: Bool { rawValue & 1 == 0 }
        @inline(__always) var isRequest: Bool { rawValue < 2 }
    }

    var way = Way.long
    var proto = IPProtocol(rawValue: 0)
    /// Of TCP.
    var flags: UInt8 = 0
    /// Both, the source port above.
    var ports: UInt32 = 0
    /// Length of the IP packet.
    var packetByteCount: UInt32 = 0
    /// Of an IPv4 packet, and of an IPv6 one: the two are never asked for the other's.
    var source4 = IPv4Address(rawValue: 0)
    var destination4 = IPv4Address(rawValue: 0)
    var source6 = IPv6Address(high: 0, low: 0)
    var destination6 = IPv6Address(high: 0, low: 0)
    /// The connection table's of the connection.
    var hash: UInt64 = 0
    /// What was settled: the link that the packet leaves by, whether one end is rewritten, and to what.
    var link = LinkIndex(rawValue: 0)
    var isRewritten = false
    /// Instead, it goes into a tunnel, by what its connection says.
    var isTunnelled = false
    var connection = ConnectionIndex.none
    var port = Port(0)
    var target4 = IPv4Address(rawValue: 0)
    var target6 = IPv6Address(high: 0, low: 0)

    var sourcePort: Port { Port(UInt16(truncatingIfNeeded: ports >> 16)) }
    var destinationPort: Port { Port(UInt16(truncatingIfNeeded: ports)) }
    var byteCount: Int { Int(packetByteCount) }
    var clientPort: Port { way.isRequest ? sourcePort : destinationPort }

    /// Whether it is TCP that neither opens nor closes.
    @inline(__always)
    var isAcknowledgment: Bool {
        proto == .tcp && flags & 0x17 == TCPFlags.ack.rawValue
    }

    /// What the packet does to its connection.
    @inline(__always)
    var event: TransportEvent {
        proto == .tcp ? TransportEvent(flags: TCPFlags(rawValue: flags)) : .datagram
    }
}

extension Work {
    /// Looks at frames, each into the glance of its position.
    func glance(
        at range: Range<Int>, _ glances: inout [Glance], _ key: HashKey,
        _ core: borrowing DirectorCore
    ) {
        Dataplane.glance(at: range, of: frames, in: bytes, &glances, key, core)
    }
}

@inline(never)
private func glance(
    at range: Range<Int>, of frames: borrowing MutableSpan<Frame>,
    in bytes: borrowing MutableRawSpan, _ glances: inout [Glance], _ key: HashKey,
    _ core: borrowing DirectorCore
) {
    let frames = frames.span.extracting(range)
    let bytes = bytes.bytes
    var glances = glances.mutableSpan
    for position in frames.indices {
        glances[position].way = .long
        guard frames[position].isFresh else { continue }
        glances[position].look(
            bytes.extracting(frames[position].range), frames[position].wireByteCount, key, core)
    }
}

extension Glance {
    @inline(__always)
    fileprivate mutating func look(
        _ bytes: RawSpan, _ wireByteCount: Int, _ key: HashKey, _ core: borrowing DirectorCore
    ) {
        guard bytes.byteCount >= IPv4Address.transport &+ UDPFields.byteCount else { return }
        switch bytes.u16(12) {
        case EtherType.ipv4.rawValue: look4(bytes, wireByteCount, key, core)
        case EtherType.ipv6.rawValue: look6(bytes, wireByteCount, key, core)
        default: return
        }
    }

    @inline(__always)
    private mutating func look4(
        _ bytes: RawSpan, _ wireByteCount: Int, _ key: HashKey, _ core: borrowing DirectorCore
    ) {
        let first = bytes.u64(14)
        let second = bytes.u64(22)
        let target = bytes.u32(30)
        // Version 4, five words of header; no fragment; a hop to spare.
        guard first & 0xff00_0000_0000_3fff == 0x4500_0000_0000_0000, second >> 57 != 0 else {
            return
        }
        // The checksum is right when the sum of all words is a multiple of 0xffff other than zero.
        let sum =
            first >> 32 &+ first & 0xffff_ffff &+ second >> 32 &+ second & 0xffff_ffff
            &+ UInt64(target)
        source4 = IPv4Address(rawValue: UInt32(truncatingIfNeeded: second))
        destination4 = IPv4Address(rawValue: target)
        guard sum % 0xffff == 0, !source4.isMartian, !destination4.isMartian,
            source4 != destination4
        else { return }
        packetByteCount = UInt32(truncatingIfNeeded: first >> 32 & 0xffff)
        proto = IPProtocol(rawValue: UInt8(truncatingIfNeeded: second >> 48))
        guard byteCount <= wireByteCount &- EthernetFields.byteCount,
            readTransport(bytes, at: IPv4Address.transport, IPv4Fields.byteCount)
        else { return }
        turn(IPv4Address.self, key, core)
    }

    // Out of line, so that the loop keeps its registers for the family that most packets are of.
    @inline(never)
    private mutating func look6(
        _ bytes: RawSpan, _ wireByteCount: Int, _ key: HashKey, _ core: borrowing DirectorCore
    ) {
        guard bytes.byteCount >= IPv6Address.transport &+ UDPFields.byteCount else { return }
        let second = bytes.u32(18)
        // Version 6; a hop to spare.
        guard bytes.u8(14) >> 4 == 6, second & 0xff > 1 else { return }
        source6 = IPv6Address(high: bytes.u64(22), low: bytes.u64(30))
        destination6 = IPv6Address(high: bytes.u64(38), low: bytes.u64(46))
        guard !source6.isMartian, !destination6.isMartian, !source6.isLinkLocal,
            source6 != destination6
        else { return }
        packetByteCount = second >> 16 &+ UInt32(IPv6Fields.byteCount)
        proto = IPProtocol(rawValue: UInt8(truncatingIfNeeded: second >> 8))
        guard byteCount <= wireByteCount &- EthernetFields.byteCount,
            readTransport(bytes, at: IPv6Address.transport, IPv6Fields.byteCount)
        else { return }
        turn(IPv6Address.self, key, core)
    }

    /// Reads the transport header of an IP packet, which has `headerByteCount` bytes before it; false
    /// if the packet is not for the short way.
    @inline(__always)
    private mutating func readTransport(
        _ bytes: RawSpan, at offset: Int, _ headerByteCount: Int
    ) -> Bool {
        let present = min(byteCount &- headerByteCount, bytes.byteCount &- offset)
        switch proto {
        case .tcp:
            guard present >= TCPFields.byteCount else { return false }
            flags = bytes.u8(offset &+ 13)
            // What opens a connection may end another before.
            guard flags & TCPFlags.syn.rawValue == 0 else { return false }
        case .udp:
            // A checksum that its sender left out would have to be computed.
            guard present >= UDPFields.byteCount, bytes.u16(offset &+ 6) != 0 else { return false }
        default: return false
        }
        ports = bytes.u32(offset)
        // Port 0 is the mark of templates.
        return sourcePort != Port(0) && destinationPort != Port(0)
    }

    /// Settles which way the packet goes.
    @inline(__always)
    private mutating func turn<Address: ShortAddress>(
        _ family: Address.Type, _ key: HashKey,
        _ core: borrowing DirectorCore
    ) {
        let destination = Address.destination(of: self)
        switch core.host.standing(of: destination.mapped) {
        case .own:
            hash = connectionHash(
                proto, Address.source(of: self), sourcePort, key)
            way = Address.request
        case .others:
            let isMarked =
                core.rules.mark(
                    proto: proto, destination: destination.mapped,
                    destinationPort: destinationPort) != 0
            guard core.host.isRouter, !isMarked,
                core.rules.hasVirtualServers(isIPv4: Address.reply.isIPv4)
            else { return }
            hash = connectionHash(proto, destination, destinationPort, key)
            way = Address.reply
        case .broadcast: return
        }
    }
}

/// Where connections of a client's address and port stand in a table.
@inline(__always)
func connectionHash<Address: FlowAddress>(
    _ proto: IPProtocol, _ client: Address, _ clientPort: Port, _ key: HashKey
) -> UInt64 {
    let address = client.mapped
    let rest = UInt64(clientPort.rawValue) | UInt64(proto.rawValue) &<< 16
    let low = FoldedMultiply.hash(address.low, rest, key)
    return address.isIPv4Mapped ? low : FoldedMultiply.hash(address.high, low, key)
}
