// The short way's last loop: enter in the flow table what is for tasks of this node, and rewrite it.
//
// Invariant: the table sees packets in their order, and ends as `remember` alone would leave it; a frame
// ends as `deliver` would leave it, byte for byte, verdict and counters too.

import Wire

/// Reads from the flow records that are wanted next. Nothing waits for what is read, so many reads are
/// under way at a time.
@inline(never)
func touch<Address>(
    _ count: Int, _ sights: borrowing MutableSpan<Sight<Address>>,
    _ records: borrowing MutableSpan<FlowRecord<Address>>
) -> UInt32 {
    var sum: UInt32 = 0
    for index in 0..<min(count, sights.count) {
        sum &+= records.touch(sights[index].flowHash)
    }
    return sum
}

/// Delivers packets of one family, or drops those that the flow table turns away.
@inline(never)
func deliverShort<Header: ShortHeader>(
    _ family: Header.Type, _ count: Int, _ sights: inout MutableSpan<Sight<Header.Address>>,
    of frames: inout MutableSpan<Frame>, _ range: Range<Int>, in bytes: inout MutableRawSpan,
    _ records: inout MutableSpan<FlowRecord<Header.Address>>,
    _ table: inout FlowTable<Header.Address>, _ services: inout MutableSpan<FlowTraffic>,
    _ endpoints: inout MutableSpan<FlowTraffic>, _ ledger: inout Ledger, now: UInt32,
    _ program: borrowing Program
) {
    var frames = frames._mutatingExtracting(range)
    let sights = sights.span
    var droppedCount = 0
    for index in 0..<min(count, sights.count) {
        let sight = sights[index]
        let position = Int(sight.position)
        if !sight.isPlain
            || !FlowTable<Header.Address>.refresh(
                sight.flow, hash: sight.flowHash, origin: sight.origin, now: now, in: &records)
        {
            let outcome = remember(sights, index, &table, &records, now)
            if let reason = countFlow(outcome, sight.service, sight.endpoint, &services, &endpoints) {
                ledger.dropped[Int(reason.rawValue)] &+= 1
                droppedCount &+= 1
                frames[position].verdict = .dropped(reason)
                continue
            }
        }
        endpoints[Int(sight.endpoint.rawValue)].requests.add(sight.byteCount)
        frames[position].verdict = .delivered(sight.endpoint)
        var bytes = bytes._mutatingExtracting(frames[position].range)
        redirect(family, sight, &bytes, program.shortEndpoints[Int(sight.endpoint.rawValue)])
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

/// Rewrites the packet that starts the frame in `bytes` for a task: Ethernet addresses, destination
/// address and port, hop limit and checksums, in place and by differences.
@inline(__always)
private func redirect<Header: ShortHeader>(
    _ family: Header.Type, _ sight: Sight<Header.Address>, _ bytes: inout MutableRawSpan,
    _ task: ShortEndpoint
) {
    guard bytes.byteCount >= ShortPacket<Header>.leastByteCount,
        let address = Header.address(of: task)
    else { return }
    task.readdress(&bytes, at: 0)
    var delta = Header.redirect(&bytes, from: sight.address, to: address)
    let offset = ShortPacket<Header>.transport
    guard sight.proto != .sctp else {
        readdress(
            &bytes, at: offset, to: sight.target, byteCount: sight.byteCount &- Header.byteCount)
        return
    }
    delta.replace(sight.port.rawValue, with: sight.target.rawValue)
    bytes.setU16(offset &+ 2, sight.target.rawValue)
    // TCP's number is even and UDP's is odd, and which it is, nobody can predict.
    let isUDP = Int(sight.proto.rawValue & 1)
    let checksum = offset &+ 16 &- 10 &* isUDP
    // Zero is no checksum in UDP (RFC 768), and a sum that comes to zero is sent as 0xffff.
    let before = bytes.u16(checksum)
    guard before != 0 || isUDP == 0 else { return }
    let after = delta.applied(to: before)
    bytes.setU16(checksum, after == 0 && isUDP != 0 ? 0xffff : after)
}

/// Sets the destination port of an SCTP packet.
@inline(never)
private func readdress(
    _ bytes: inout MutableRawSpan, at offset: Int, to port: Port, byteCount: Int
) {
    var ports = MutableTransportPorts(
        &bytes, at: offset, proto: .sctp, packetByteCount: byteCount)
    ports?.setDestination(port)
}
