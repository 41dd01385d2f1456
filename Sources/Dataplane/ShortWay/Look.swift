// The short way's first stage: read headers, and look up where they lead. A client's packet must be for
// a published port of a node; what comes out of a tunnel must come from a known node, on the ingress
// network, for a task of this node that listens there.
//
// Invariant: nothing but sights is written, and a frame that gets one is a packet that the general way
// would let pass: as `enter` wants it, or as `receive` and `admit` do.

import Wire

/// Looks at frames; how many there are before the first that must go the long way.
@inline(never)
func look(
    _ range: Range<Int>, of frames: borrowing MutableSpan<Frame>,
    in bytes: borrowing MutableRawSpan, _ sights: inout MutableSpan<Sight>, _ key: HashKey,
    _ program: borrowing Program
) -> Int {
    let frames = frames.span.extracting(range)
    let bytes = bytes.bytes
    for position in frames.indices {
        guard frames[position].isFresh,
            look(
                bytes.extracting(frames[position].range), frames[position].wireByteCount,
                &sights[position], key, program)
        else { return position }
    }
    return frames.count
}

@inline(__always)
private func look(
    _ bytes: RawSpan, _ wireByteCount: Int, _ sight: inout Sight, _ key: HashKey,
    _ program: borrowing Program
) -> Bool {
    guard bytes.byteCount >= ShortPacket<ShortIPv4>.leastByteCount else { return false }
    guard isTunnelled(bytes, program) else {
        switch bytes.u16(12) {
        case EtherType.ipv4.rawValue:
            return sight.enter(ShortIPv4.self, .entry4, bytes, wireByteCount, program)
        case EtherType.ipv6.rawValue: return sight.enter6(bytes, wireByteCount, program)
        default: return false
        }
    }
    let start = TunnelHeader.byteCount
    guard bytes.byteCount >= start &+ ShortPacket<ShortIPv4>.leastByteCount,
        bytes.u16(12) == EtherType.ipv4.rawValue
    else { return false }
    switch bytes.u16(start &+ 12) {
    case EtherType.ipv4.rawValue:
        return sight.arrive(ShortIPv4.self, .owner4, bytes, wireByteCount, key, program)
    case EtherType.ipv6.rawValue: return sight.arrive6(bytes, wireByteCount, key, program)
    default: return false
    }
}

/// Whether the address and port of this node's VTEP stand where an IPv4 packet has them.
@inline(__always)
private func isTunnelled(_ bytes: RawSpan, _ program: borrowing Program) -> Bool {
    bytes.u32(30) == program.vtep4 && bytes.u16(36) == program.vxlanPort.rawValue
}

extension Sight {
    @inline(__always)
    fileprivate mutating func enter<Header: ShortHeader>(
        _ family: Header.Type, _ way: Way, _ bytes: RawSpan, _ wireByteCount: Int,
        _ program: borrowing Program
    ) -> Bool {
        guard let packet = ShortPacket<Header>(bytes, at: 0, wireByteCount: wireByteCount),
            packet.destinationPort != program.vxlanPort || packet.proto != .udp
                || packet.header.destination.mapped != program.own.vtep
        else { return false }
        return note(way, packet, program)
    }

    @inline(__always)
    fileprivate mutating func arrive<Header: ShortHeader>(
        _ family: Header.Type, _ way: Way, _ bytes: RawSpan, _ wireByteCount: Int,
        _ key: HashKey, _ program: borrowing Program
    ) -> Bool {
        let start = TunnelHeader.byteCount
        guard bytes.byteCount >= start &+ ShortPacket<Header>.leastByteCount,
            bytes.u8(start &- 8) & 0x08 != 0, bytes.u32(start &- 4) >> 8 == program.ingressVNI,
            let outer = ShortIPv4(bytes, at: 0, wireByteCount: wireByteCount), outer.proto == .udp,
            case let length = Int(bytes.u16(38)), length >= 8,
            length <= outer.packetByteCount &- ShortIPv4.byteCount
        else { return false }
        let entry = program.addresses.slot(of: outer.source, in: .underlay)
        let owned = program.addresses.slot(
            of: MACAddress(rawValue: bytes.u64(start) >> 16), on: program.ingress)
        guard entry.kind == .node, owned.kind == .endpoint,
            let packet = ShortPacket<Header>(
                bytes, at: start, wireByteCount: wireByteCount &- start),
            (packet.header.trafficClass ^ outer.trafficClass) & 3 == 0,
            note(way, packet, program)
        else { return false }
        let task = program.shortEndpoints[Int(owned.index)]
        guard program.services[service].service == task.service,
            let address = Header.address(of: task), address != packet.header.destination
        else { return false }
        node = entry.node
        endpoint = owned.endpoint
        flowHash = flow(family).hash(key)
        return true
    }

    /// Notes what both ways want to know of a packet, if it is for a published port.
    @inline(__always)
    private mutating func note<Header: ShortHeader>(
        _ way: Way, _ packet: ShortPacket<Header>, _ program: borrowing Program
    ) -> Bool {
        guard Header.isNode(packet.header.destination, in: program),
            let binding = program.ports.find(
                transport: Int(packet.proto.rawValue), packet.destinationPort)
        else { return false }
        self.way = way
        proto = packet.proto
        trafficClass = packet.header.trafficClass
        drop = nil
        ports = packet.ports
        packetByteCount = UInt32(truncatingIfNeeded: packet.header.packetByteCount)
        service = binding.service
        target = binding.target
        mark = packet.mark
        packet.header.note(in: &self)
        return true
    }

    // Out of line, so that the loop keeps its registers for the family that most packets are of.
    @inline(never)
    fileprivate mutating func enter6(
        _ bytes: RawSpan, _ wireByteCount: Int, _ program: borrowing Program
    ) -> Bool {
        enter(ShortIPv6.self, .entry6, bytes, wireByteCount, program)
    }

    @inline(never)
    fileprivate mutating func arrive6(
        _ bytes: RawSpan, _ wireByteCount: Int, _ key: HashKey, _ program: borrowing Program
    ) -> Bool {
        arrive(ShortIPv6.self, .owner6, bytes, wireByteCount, key, program)
    }
}
