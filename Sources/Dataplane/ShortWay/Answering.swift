// The short way's last loop for replies: find the flow, restore the source that the client knows, and send
// the packet back through the node that the flow comes in by, or straight to the client.
//
// Invariant: the table sees packets in their order; a frame ends as `answer` would leave it, byte for
// byte, verdict and counters too, or without a flow is dropped as `leave` would drop it.

import Wire

/// Sends replies of one family on their way.
@inline(never)
func answerShort<Header: ShortHeader>(
    _ family: Header.Type, _ count: Int, _ sights: borrowing MutableSpan<Sight<Header.Address>>,
    of frames: inout MutableSpan<Frame>, in bytes: inout MutableRawSpan,
    _ records: inout MutableSpan<FlowRecord<Header.Address>>,
    _ services: inout MutableSpan<FlowTraffic>, _ endpoints: inout MutableSpan<FlowTraffic>,
    _ ledger: inout Ledger, now: UInt32, _ program: borrowing Program
) {
    var bytes = bytes._mutatingExtracting(0..<bytes.byteCount)
    var frames = frames._mutatingExtracting(0..<frames.count)
    let sights = sights.span.extracting(first: count)
    for index in sights.indices {
        let position = Int(sights[index].position)
        let endpoint = sights[index].endpoint
        let origin = FlowTable<Header.Address>.reply(
            to: sights[index].reply, hash: sights[index].flowHash, event: sights[index].event,
            now: now, in: &records)
        guard let origin else {
            frames[position].verdict = .dropped(.noFlow)
            ledger.dropped[Int(Drop.noFlow.rawValue)] &+= 1
            continue
        }
        endpoints[Int(endpoint.rawValue)].replies.add(sights[index].byteCount)
        services[Int(origin.service.rawValue)].replies.add(sights[index].byteCount)
        var packet = frames[position].window(in: &bytes)
        redirect(
            family, sights[index], &packet, .source, to: Header.Address(mapped: origin.address),
            origin.port)
        guard program.isRemote(nil, origin),
            let tunnel = program.tunnels[Int(origin.entry.rawValue)]
        else {
            program.handToClients(&packet)
            frames[position].verdict = .transmitted(.clients)
            ledger.transmittedToClients &+= 1
            continue
        }
        packet.address(
            from: program[program.ingress].balancerMAC, to: program[origin.entry].ingressMAC)
        let innerByteCount = 14 &+ sights[index].byteCount
        frames[position].wrap(innerByteCount: innerByteCount, to: origin.entry)
        var wrapped = frames[position].window(in: &bytes)
        tunnel.write(
            to: &wrapped, innerByteCount: innerByteCount,
            trafficClass: sights[index].trafficClass & 3, sourcePort: overlaySourcePort(0),
            vxlan: program.shortEndpoints[Int(endpoint.rawValue)].vxlan)
        ledger.transmittedToUnderlay &+= 1
    }
}
