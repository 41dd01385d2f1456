// The short way home: VXLAN from a known node on the ingress network, to a task of this node.
//
// Invariant: as for the short way in. Everything that could send the packet the long way is asked
// before the flow table, the first thing that is changed.

import Wire

/// Takes packets out of the overlay from `first` on; the index of the first frame that is none, or
/// cannot go the short way.
@inline(never)
func receiveShort<Header: ShortHeader>(
    _ family: Header.Type, from first: Int, _ work: inout Work,
    _ state: inout NodeState, _ program: borrowing Program
) -> Int {
    var index = first
    while index < work.frameCount, receiveShort(family, index, &work, &state, program) {
        index &+= 1
    }
    return index
}

@inline(__always)
private func receiveShort<Header: ShortHeader>(
    _ family: Header.Type, _ index: Int, _ work: inout Work,
    _ state: inout NodeState, _ program: borrowing Program
) -> Bool {
    guard work.frames[index].isFresh,
        let (outer, packet, mac): (IPv4Address, ShortPacket<Header>, MACAddress) = tunnelled(
            work.bytes(of: work.frames[index]), work.frames[index].wireByteCount, program),
        case .node(let entry) = program.addresses.find(
            IPv6Address(mapped: outer), in: .underlay),
        case .endpoint(let owned) = program.addresses.find(mac, in: .mac(program.ingress)),
        case .node = program.addresses.find(packet.target, in: .clients),
        let binding = program.ports.find(packet.proto, packet.destinationPort)
    else { return false }
    let endpoint = program.shortEndpoints[Int(owned.rawValue)]
    guard program.services[binding.service].service == endpoint.service,
        let address = Header.address(of: endpoint), address != packet.header.destination
    else { return false }
    state.remoteCount &+= 1
    work.frames[index].advance(TunnelHeader.byteCount)
    let choice = Choice(
        hash: 0, service: binding.service, slot: 0, endpoint: owned, target: binding.target)
    deliverShort(choice, endpoint, at: address, entry: entry, index, packet, &work, &state)
    return true
}

/// What a VXLAN packet on the ingress network, for this node, holds: who sent it, the packet inside
/// and the MAC that it is for.
@inline(__always)
private func tunnelled<Header: ShortHeader>(
    _ bytes: RawSpan, _ wireByteCount: Int, _ program: borrowing Program
) -> (outer: IPv4Address, ShortPacket<Header>, MACAddress)? {
    let start = TunnelHeader.byteCount
    guard bytes.byteCount >= start &+ ShortPacket<Header>.leastByteCount,
        isTunnelled(bytes, program),
        bytes.u8(start &- 8) & 0x08 != 0, bytes.u32(start &- 4) >> 8 == program.ingressVNI,
        let outer = ShortIPv4(bytes, at: 0, wireByteCount: wireByteCount), outer.proto == .udp,
        case let length = Int(bytes.u16(38)), length >= 8,
        length <= outer.packetByteCount &- ShortIPv4.byteCount,
        let packet = ShortPacket<Header>(bytes, at: start, wireByteCount: wireByteCount &- start),
        packet.header.trafficClass & 3 == outer.trafficClass & 3
    else { return nil }
    return (outer.source, packet, MACAddress(rawValue: bytes.u64(start) >> 16))
}

/// Remembers the flow, rewrites the packet for the task and delivers it.
@inline(__always)
func deliverShort<Header: ShortHeader>(
    _ choice: Choice, _ endpoint: ShortEndpoint, at address: Header.Address, entry: NodeIndex,
    _ index: Int, _ packet: ShortPacket<Header>, _ work: inout Work, _ state: inout NodeState
) {
    state.ledger.received &+= 1
    if let reason = remember(choice, entry: entry, packet, &work, &state) {
        state.ledger.dropped[Int(reason.rawValue)] &+= 1
        work.frames[index].verdict = .dropped(reason)
        return
    }
    state.ledger.delivered &+= 1
    work.frames[index].verdict = .delivered(choice.endpoint)
    work.endpoints[Int(choice.endpoint.rawValue)].requests.add(packet.byteCount)
    var bytes = work.mutableBytes(of: work.frames[index])
    packet.redirect(&bytes, to: address, choice.target)
    endpoint.readdress(&bytes, at: 0)
}

/// Enters the packet's flow in the flow table; the reason if that cannot be.
@inline(__always)
private func remember<Header: ShortHeader>(
    _ choice: Choice, entry: NodeIndex, _ packet: ShortPacket<Header>, _ work: inout Work,
    _ state: inout NodeState
) -> Drop? {
    let flow = TaskFlow(
        client: packet.client, clientPort: packet.sourcePort, targetPort: choice.target,
        endpoint: choice.endpoint, proto: packet.proto)
    let origin = FlowOrigin(
        address: packet.target, port: packet.destinationPort, entry: entry,
        service: choice.service)
    let outcome = state.remember(
        flow, origin: origin, event: packet.event, &work)
    return work.count(outcome, choice)
}
