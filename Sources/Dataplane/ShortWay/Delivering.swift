// The short way's last loop: enter in the flow table what is for tasks of this node, and rewrite it. Most
// packets are of a flow whose record vouches for them; of the others it is asked whether the task is to
// have them.
//
// Invariant: the table sees packets in their order, and ends as `remember` alone would leave it; a frame
// ends as `admit` and `deliver` would leave it, byte for byte, verdict and counters too.

import Wire

/// Delivers packets of one family, or drops those that are not for the task or that the flow table turns
/// away. How many were not the mesh's to carry: nothing was asked of a service for them.
@inline(never)
func deliverShort<Header: ShortHeader>(
    _ family: Header.Type, _ count: Int, _ sights: inout MutableSpan<Sight<Header.Address>>,
    of frames: inout MutableSpan<Frame>, in bytes: inout MutableRawSpan,
    _ records: inout MutableSpan<FlowRecord<Header.Address>>,
    _ table: inout FlowTable<Header.Address>, _ services: inout MutableSpan<FlowTraffic>,
    _ endpoints: inout MutableSpan<FlowTraffic>, _ ledger: inout Ledger, now: UInt32,
    _ program: borrowing Program
) -> Int {
    var bytes = bytes._mutatingExtracting(0..<bytes.byteCount)
    var endpoints = endpoints._mutatingExtracting(0..<endpoints.count)
    var records = records._mutatingExtracting(0..<records.count)
    var frames = frames._mutatingExtracting(0..<frames.count)
    let sights = sights.span.extracting(first: count)
    let generation = table.generation
    var (droppedCount, strayCount) = (0, 0)
    for index in sights.indices {
        let position = Int(sights[index].position)
        let endpoint = sights[index].endpoint
        var target = Port(0)
        if let known = FlowTable<Header.Address>.refresh(
            sights[index].request, hash: sights[index].flowHash, event: sights[index].event,
            entry: sights[index].entry, generation: generation, now: now, in: &records)
        {
            target = known
        } else {
            switch admit(
                family, sights, index, &table, &records, &services, &endpoints, now, program)
            {
            case .port(let port): target = port
            case .dropped(let reason, let isStray):
                ledger.dropped[Int(reason.rawValue)] &+= 1
                droppedCount &+= 1
                strayCount &+= isStray ? 1 : 0
                frames[position].verdict = .dropped(reason)
                continue
            case .asItIs:
                strayCount &+= 1
                frames[position].verdict = .delivered(endpoint)
                endpoints[Int(endpoint.rawValue)].requests.add(sights[index].byteCount)
                continue
            }
        }
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
        redirect(family, sights[index], &bytes, .destination, to: address, target)
    }
    ledger.delivered &+= UInt64(truncatingIfNeeded: count &- droppedCount)
    return strayCount
}

/// What becomes of a packet for a task.
private enum Admission {
    /// It goes to this port.
    case port(Port)
    /// It was sent to the task itself.
    case asItIs
    /// A stray packet is one that the mesh would not carry, whatever the task.
    case dropped(Drop, isStray: Bool)
}

/// Asks whether the task is to have a packet, and enters its flow in the table.
@inline(never)
private func admit<Header: ShortHeader>(
    _ family: Header.Type, _ sights: Span<Sight<Header.Address>>, _ index: Int,
    _ table: inout FlowTable<Header.Address>,
    _ records: inout MutableSpan<FlowRecord<Header.Address>>,
    _ services: inout MutableSpan<FlowTraffic>, _ endpoints: inout MutableSpan<FlowTraffic>,
    _ now: UInt32, _ program: borrowing Program
) -> Admission {
    let flow = sights[index].request
    let (hash, entry, event) = (
        sights[index].flowHash, sights[index].entry, sights[index].event
    )
    let place = FlowTable<Header.Address>.freePlace(hash: hash, in: records)
    if place == nil,
        let known = table.remember(
            flow, hash: hash, entry: entry, event: event, now: now, in: &records)
    {
        return admission(known, flow.endpoint, &services, &endpoints)
    }
    guard Header.mayPass(from: flow.client, to: flow.address) else {
        let reason = Header.complaint(from: flow.client, to: flow.address)
        return .dropped(reason, isStray: true)
    }
    let address = Header.address(of: program.shortEndpoints[Int(flow.endpoint.rawValue)])
    guard flow.address != address else { return .asItIs }
    guard let (service, target) = ask(family, flow, entry: entry, program) else {
        return .dropped(.notForTask, isStray: false)
    }
    guard address != nil else { return .dropped(.noTask, isStray: false) }
    guard let place else {
        let outcome = table.remember(
            flow, target: target, service: service, hash: hash, entry: entry, event: event,
            now: now, in: &records)
        return admission((outcome, service, target), flow.endpoint, &services, &endpoints)
    }
    table.begin(
        flow, at: place, target: target, service: service, entry: entry, event: event, now: now,
        in: &records)
    return admission((.new, service, target), flow.endpoint, &services, &endpoints)
}

/// What the flow table says, counted.
@inline(__always)
private func admission(
    _ flow: (outcome: FlowOutcome, service: VirtualServiceIndex, target: Port),
    _ endpoint: EndpointIndex, _ services: inout MutableSpan<FlowTraffic>,
    _ endpoints: inout MutableSpan<FlowTraffic>
) -> Admission {
    let reason = countFlow(flow.outcome, flow.service, endpoint, &services, &endpoints)
    return reason.map { .dropped($0, isStray: false) } ?? .port(flow.target)
}

/// Asks the program what a flow is for, where it is most likely to find that first.
@inline(__always)
private func ask<Header: ShortHeader>(
    _ family: Header.Type, _ flow: RequestFlow<Header.Address>, entry: NodeIndex,
    _ program: borrowing Program
) -> (service: VirtualServiceIndex, target: Port)? {
    if Header.isNode(flow.address, near: entry, in: program),
        let published = program.ports.find(transport: flow.proto, flow.port),
        program.services[published.service].service
            == program.shortEndpoints[Int(flow.endpoint.rawValue)].service
    {
        return (published.service, published.target)
    }
    let key = FlowKey(
        client: flow.client.mapped, clientPort: flow.clientPort, servicePort: flow.port,
        proto: flow.proto)
    return program.admit(key, sentTo: flow.address.mapped, for: flow.endpoint)
}
