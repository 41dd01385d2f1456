// The short way's first loop: client's packets for published ports. One for a task of another node is
// wrapped there and then, for nothing is remembered of it; one for a task of this node gets a sight.
//
// Invariant: the choice is `Program.choose`'s, a frame that is wrapped ends as `enter` would leave it,
// byte for byte, verdict and counters too, and one that must go the long way is untouched.

import Wire

/// Leads frames from the start of the range on; the first that may not be led, or the end.
@inline(never)
func enterShort(
    _ range: Range<Int>, from start: Int, _ frames: inout MutableSpan<Frame>,
    in bytes: inout MutableRawSpan, _ services: inout MutableSpan<FlowTraffic>,
    _ sights4: inout MutableSpan<Sight<IPv4Address>>,
    _ sights6: inout MutableSpan<Sight<IPv6Address>>, _ seen: inout Seen, _ key: HashKey,
    _ program: borrowing Program
) -> Int {
    var frames = frames._mutatingExtracting(range)
    var position = start
    while position < frames.count, frames[position].isFresh {
        guard let range = frames[position].roomyRange else { break }
        var bytes = bytes._mutatingExtracting(range)
        guard bytes.byteCount >= TunnelHeader.byteCount &+ ShortPacket<ShortIPv4>.leastByteCount
        else { break }
        switch bytes.u16(TunnelHeader.byteCount &+ 12) {
        case EtherType.ipv4.rawValue:
            guard
                enter(
                    ShortIPv4.self, position, &frames[position], &bytes, &services, &sights4,
                    &seen.count4, &seen.sentCount, key, program)
            else { return position }
        case EtherType.ipv6.rawValue:
            guard
                enter6(
                    position, &frames[position], &bytes, &services, &sights6, &seen, key, program)
            else { return position }
        default: return position
        }
        position &+= 1
    }
    return position
}

// Out of line, so that the loop keeps its registers for the family that most packets are of.
@inline(never)
private func enter6(
    _ position: Int, _ frame: inout Frame, _ bytes: inout MutableRawSpan,
    _ services: inout MutableSpan<FlowTraffic>, _ sights: inout MutableSpan<Sight<IPv6Address>>,
    _ seen: inout Seen, _ key: HashKey, _ program: borrowing Program
) -> Bool {
    enter(
        ShortIPv6.self, position, &frame, &bytes, &services, &sights, &seen.count6,
        &seen.sentCount, key, program)
}

/// Leads one frame, whose bytes lie behind room for a tunnel's headers.
@inline(__always)
private func enter<Header: ShortHeader>(
    _ family: Header.Type, _ position: Int, _ frame: inout Frame, _ bytes: inout MutableRawSpan,
    _ services: inout MutableSpan<FlowTraffic>,
    _ sights: inout MutableSpan<Sight<Header.Address>>, _ seenCount: inout Int,
    _ sentCount: inout Int, _ key: HashKey, _ program: borrowing Program
) -> Bool {
    let start = TunnelHeader.byteCount
    guard
        let packet = ShortPacket<Header>(
            bytes.bytes, at: start, wireByteCount: frame.wireByteCount),
        packet.destinationPort != program.vxlanPort
            || !Header.isVTEP(packet.header.destination, of: program),
        Header.isNode(packet.header.destination, in: program),
        let published = program.ports.find(transport: packet.proto, packet.destinationPort)
    else { return false }
    let flow = FlowKey(
        client: packet.header.source.mapped, clientPort: packet.sourcePort,
        servicePort: packet.destinationPort, proto: packet.proto)
    guard
        let choice = program.choose(flow, service: published.service, target: published.target)
    else { return false }
    let task = program.shortEndpoints[Int(choice.endpoint.rawValue)]
    guard Header.address(of: task) != nil else { return false }
    let byteCount = packet.header.packetByteCount
    guard task.node == program.node else {
        guard byteCount <= task.mtu, let tunnel = program.tunnels[Int(task.node.rawValue)] else {
            return false
        }
        services[Int(choice.service.rawValue)].requests.add(byteCount)
        sentCount &+= 1
        frame.choice = choice
        frame.wrap(keeping: 14 &+ byteCount, to: task.node)
        tunnel.write(
            to: &bytes, innerByteCount: 14 &+ byteCount,
            trafficClass: packet.header.trafficClass & 3,
            sourcePort: overlaySourcePort(choice.hash), vni: task.vni)
        task.readdress(&bytes, at: start)
        return true
    }
    guard seenCount < sights.count else { return false }
    services[Int(choice.service.rawValue)].requests.add(byteCount)
    frame.choice = choice
    sights[seenCount].note(
        packet, position, entry: task.node, published, choice.endpoint, key)
    seenCount &+= 1
    return true
}

extension Sight {
    /// Notes a packet that is for a task of this node.
    @inline(__always)
    mutating func note<Header: ShortHeader>(
        _ packet: ShortPacket<Header>, _ position: Int, entry: NodeIndex, _ published: PortTarget,
        _ endpoint: EndpointIndex, _ key: HashKey
    ) where Header.Address == Address {
        let flow = TaskFlow(
            client: packet.header.source.mapped, clientPort: packet.sourcePort,
            targetPort: published.target, endpoint: endpoint, proto: packet.proto)
        client = packet.header.source
        address = packet.header.destination
        ports = flow.ports
        flowHash = flow.hash(key)
        packetByteCount = UInt32(truncatingIfNeeded: packet.header.packetByteCount)
        service = published.service
        port = packet.destinationPort
        self.entry = entry
        proto = packet.proto
        mark = packet.mark
        self.position = UInt8(truncatingIfNeeded: position)
    }
}
