// The short way's last loop: enter in the flow table what is for tasks of this node, and rewrite it.
//
// Invariant: the table sees packets in their order, and ends as `remember` alone would leave it; a frame
// ends as `deliver` would leave it, byte for byte, verdict and counters too.

import Wire

/// Delivers packets of one family, or drops those that the flow table turns away.
@inline(never)
func deliverShort<Header: ShortHeader>(
    _ family: Header.Type, _ count: Int, _ sights: inout MutableSpan<Sight<Header.Address>>,
    of frames: inout MutableSpan<Frame>, in bytes: inout MutableRawSpan,
    _ records: inout MutableSpan<FlowRecord<Header.Address>>,
    _ table: inout FlowTable<Header.Address>, _ services: inout MutableSpan<FlowTraffic>,
    _ endpoints: inout MutableSpan<FlowTraffic>, _ ledger: inout Ledger, now: UInt32,
    _ program: borrowing Program
) {
    var bytes = bytes._mutatingExtracting(0..<bytes.byteCount)
    var endpoints = endpoints._mutatingExtracting(0..<endpoints.count)
    var frames = frames._mutatingExtracting(0..<frames.count)
    let sights = sights.span.extracting(first: count)
    var droppedCount = 0
    for index in sights.indices {
        let position = Int(sights[index].position)
        if !sights[index].isPlain
            || !FlowTable<Header.Address>.refresh(
                sights[index].flow, hash: sights[index].flowHash, origin: sights[index].origin,
                now: now, in: &records)
        {
            let outcome = remember(sights, index, &table, &records, now)
            if let reason = countFlow(
                outcome, sights[index].service, sights[index].endpoint, &services, &endpoints)
            {
                ledger.dropped[Int(reason.rawValue)] &+= 1
                droppedCount &+= 1
                frames[position].verdict = .dropped(reason)
                continue
            }
        }
        let endpoint = sights[index].endpoint
        endpoints[Int(endpoint.rawValue)].requests.packetCount &+= 1
        frames[position].verdict = .delivered(endpoint)
        endpoints[Int(endpoint.rawValue)].requests.byteCount &+=
            UInt64(sights[index].packetByteCount)
        var bytes = frames[position].window(in: &bytes)
        let task = program.shortEndpoints[Int(endpoint.rawValue)]
        guard bytes.byteCount >= ShortPacket<Header>.leastByteCount,
            let address = Header.address(of: task)
        else { continue }
        task.readdress(&bytes, at: 0)
        redirect(
            family, sights[index], &bytes, .destination, to: address, sights[index].target)
    }
    ledger.delivered &+= UInt64(truncatingIfNeeded: count &- droppedCount)
}

@inline(never)
private func remember<Address>(
    _ sights: Span<Sight<Address>>, _ index: Int, _ table: inout FlowTable<Address>,
    _ records: inout MutableSpan<FlowRecord<Address>>, _ now: UInt32
) -> FlowOutcome {
    table.remember(
        sights[index].flow, hash: sights[index].flowHash, origin: sights[index].origin,
        event: sights[index].event, now: now, in: &records)
}
