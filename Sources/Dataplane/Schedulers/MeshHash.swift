// mesh: Weft's own. The keyed hash of the flow picks a slot of a Maglev table, as the routing mesh
// does: no state, every director with the same key and servers chooses alike, and nobody outside can
// aim flows at a server.
//
// Invariant: slots follow from the servers' addresses, ports and weights, not from their order. They
// are filled with the first connection after a change. A server at its threshold is stood in for.

import Wire

enum MeshHash {
    /// Other slots to be tried before the list is walked.
    private static let otherCount = 16

    static func choose(
        _ service: inout VirtualServer, _ servers: Span<RealServer>,
        _ request: SchedulingRequest, _ key: HashKey
    ) -> RealServerIndex? {
        if service.memory.isStale { fill(&service, servers) }
        let count = UInt64(service.memory.slots.count)
        guard count > 0 else { return nil }
        let flow = FlowKey(
            client: request.client, clientPort: request.clientPort,
            servicePort: request.destinationPort, proto: request.proto)
        let hash = flow.hash(key)
        var slot = ((hash &>> 32) &* count) &>> 32
        let server = service.memory.slots[Int(slot)]
        if servers[server].isUsable { return server }
        let step = (hash & 0xffff_ffff) % count | 1
        for _ in 0..<otherCount {
            slot = (slot &+ step) % count
            let other = service.memory.slots[Int(slot)]
            if servers[other].isUsable { return other }
        }
        for place in service.order.indices where servers[service.order[place]].isUsable {
            return service.order[place]
        }
        return nil
    }

    private static func fill(_ service: inout VirtualServer, _ servers: Span<RealServer>) {
        // A table's slots can tell so many backends apart.
        let order = service.order.prefix(1 << 16)
        var backends: [MaglevBackend] = []
        backends.reserveCapacity(order.count)
        for server in order {
            backends.append(
                MaglevBackend(
                    identity: identity(servers[server]),
                    weight: UInt32(max(servers[server].rule.weight, 0))))
        }
        let size = Maglev.size(backendCount: backends.count)
        service.memory.slots = Maglev.table(backends, size: size).map { order[Int($0)] }
        service.memory.isStale = false
    }

    private static func identity(_ server: RealServer) -> UInt64 {
        var hash = SipHash(HashKey(k0: 3, k1: 3))
        hash.absorb(server.address.high)
        hash.absorb(server.address.low)
        return hash.finish(tail: UInt64(server.rule.port.rawValue), byteCount: 18)
    }
}
