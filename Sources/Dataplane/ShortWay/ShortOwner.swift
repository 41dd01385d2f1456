// The short way home: VXLAN from a known node on the ingress network, to a task of this node.
//
// Invariant: as for the short way in. Everything that could send the packet the long way is asked
// before the flow table, the first thing that is changed.

import Wire

@inline(__always)
func receiveShort(
    _ frame: inout Frame, _ outer: ShortPacket, _ work: inout Work, _ state: inout NodeState,
    _ program: borrowing Program
) -> Verdict? {
    guard
        let (packet, mac) = tunnelled(
            work.bytes(of: frame), wireByteCount: frame.wireByteCount,
            vni: program[program.ingress].vni),
        packet.trafficClass & 3 == outer.trafficClass & 3,
        case .node(let entry) = program.addresses.find(outer.client, in: .underlay)
    else { return nil }
    guard case .endpoint(let index) = program.addresses.find(mac, in: .mac(program.ingress)),
        let address = program.endpoints[Int(index.rawValue)].address4,
        address.rawValue != packet.destination,
        case .node = program.addresses.find(packet.target, in: .clients),
        let binding = program.ports.find(packet.proto, packet.destinationPort),
        program.services[binding.service].service
            == program.endpoints[Int(index.rawValue)].service
    else { return nil }
    state.remoteCount &+= 1
    frame.advance(TunnelHeader.byteCount)
    let choice = Choice(
        hash: 0, service: binding.service, slot: 0, endpoint: index, target: binding.target)
    return deliverShort(
        choice, at: address, entry: entry, &frame, packet, &work, &state, program)
}

/// Remembers the flow, rewrites the packet for the task and delivers it.
@inline(__always)
func deliverShort(
    _ choice: Choice, at address: IPv4Address, entry: NodeIndex, _ frame: inout Frame,
    _ packet: ShortPacket, _ work: inout Work, _ state: inout NodeState,
    _ program: borrowing Program
) -> Verdict {
    if let reason = remember(choice, entry: entry, packet, &work, &state) {
        return .dropped(reason)
    }
    let endpoint = Int(choice.endpoint.rawValue)
    var target = work.mutableBytes(of: frame)
    rewrite(
        &target, packet, to: address, choice.target, mac: program.endpoints[endpoint].mac,
        source: program[program.endpoints[endpoint].network].balancerMAC)
    work.endpoints[endpoint].requests.add(packet.byteCount)
    return .delivered(choice.endpoint)
}

/// The packet inside a VXLAN packet of network `vni`, and the MAC it is for.
@inline(__always)
private func tunnelled(
    _ bytes: RawSpan, wireByteCount: Int, vni: UInt32
) -> (ShortPacket, MACAddress)? {
    let start = TunnelHeader.byteCount
    guard bytes.byteCount >= start &+ ShortPacket.udpByteCount,
        bytes.u8(start &- 8) & 0x08 != 0, bytes.u32(start &- 4) >> 8 == vni,
        let packet = ShortPacket(bytes, at: start, wireByteCount: wireByteCount &- start)
    else { return nil }
    return (packet, MACAddress(rawValue: bytes.u64(start) >> 16))
}

/// Enters the packet's flow in the flow table; the reason if that cannot be.
@inline(__always)
private func remember(
    _ choice: Choice, entry: NodeIndex, _ packet: ShortPacket, _ work: inout Work,
    _ state: inout NodeState
) -> Drop? {
    let flow = TaskFlow(
        client: packet.client, clientPort: packet.sourcePort, targetPort: choice.target,
        endpoint: choice.endpoint, proto: packet.proto)
    let origin = FlowOrigin(
        address: packet.target, port: packet.destinationPort, entry: entry,
        service: choice.service)
    let outcome = state.flows4.remember(
        flow, origin: origin, event: packet.event, now: work.seconds)
    return work.count(outcome, choice)
}

/// Destination address and port, TTL, both checksums, both MACs: in place, by differences.
@inline(__always)
private func rewrite(
    _ bytes: inout MutableRawSpan, _ packet: ShortPacket, to address: IPv4Address, _ port: Port,
    mac: MACAddress, source: MACAddress
) {
    var delta = ChecksumDelta()
    delta.replace(packet.destination, with: address.rawValue)
    var header = delta
    let hop = bytes.u16(22)
    header.replace(hop, with: hop &- 0x0100)
    bytes.setU16(22, hop &- 0x0100)
    bytes.setU16(24, header.applied(to: bytes.u16(24)))
    bytes.setU32(30, address.rawValue)
    delta.replace(packet.destinationPort.rawValue, with: port.rawValue)
    bytes.setU16(36, port.rawValue)
    let offset = packet.checksumOffset
    let old = bytes.u16(offset)
    if packet.proto == .tcp {
        bytes.setU16(offset, delta.applied(to: old))
    } else if old != 0 {
        let new = delta.applied(to: old)
        bytes.setU16(offset, new == 0 ? 0xffff : new)
    }
    bytes.setU64(0, mac.rawValue << 16 | source.rawValue >> 32)
    bytes.setU32(8, UInt32(truncatingIfNeeded: source.rawValue))
}
