// lblc and lblcr: requests for one destination address go to the server, or to the set of servers, that
// had it before, unless that is overloaded and another one idle; then the weighted least-connection
// server takes or joins in (ip_vs_lblc.c, ip_vs_lblcr.c). For clusters of caches.
//
// Invariant: a server is overloaded in this sense when it has more active connections than weight
// and some other one has fewer than half of its weight. Its upper threshold keeps a server from being
// found anew, but not, in lblc, from being asked again.

enum LocalityLeastConnection {
    static func choose(
        _ service: inout VirtualServer, _ servers: Span<RealServer>,
        _ request: SchedulingRequest, expiration: UInt64
    ) -> RealServerIndex? {
        service.memory.locality.collect(now: request.now, expiration: expiration)
        let hash = hash(request, service)
        let entry = service.memory.locality.use(request.destination, hash, now: request.now)
        if let entry, let server = service.memory.locality.first(of: entry),
            servers[server].isAvailable, servers[server].rule.weight > 0,
            !isOverloaded(servers[server], service.order, servers)
        {
            return server
        }
        guard let server = WeightedLeastConnection.choose(service.order, servers) else {
            return nil
        }
        service.memory.locality.replace(
            entry, request.destination, hash, by: server, now: request.now)
        return server
    }

    @inline(__always)
    fileprivate static func hash(
        _ request: SchedulingRequest, _ service: borrowing VirtualServer
    ) -> Int {
        KernelHash.hash(
            KernelHash.fold(request.destination, isIPv4: service.rule.key.isIPv4),
            bits: LocalityTable.bucketBits)
    }

    fileprivate static func isOverloaded(
        _ server: RealServer, _ order: borrowing [RealServerIndex], _ servers: Span<RealServer>
    ) -> Bool {
        guard server.activeCount > server.rule.weight else { return false }
        for place in order.indices {
            let active = Int64(servers[order[place]].activeCount)
            if active * 2 < Int64(servers[order[place]].rule.weight) { return true }
        }
        return false
    }
}

enum LocalityLeastConnectionReplicated {
    static func choose(
        _ service: inout VirtualServer, _ servers: Span<RealServer>,
        _ request: SchedulingRequest, expiration: UInt64
    ) -> RealServerIndex? {
        service.memory.locality.collect(now: request.now, expiration: expiration)
        let hash = LocalityLeastConnection.hash(request, service)
        let entry = service.memory.locality.use(request.destination, hash, now: request.now)
        if let entry {
            let server = least(of: entry, service.memory.locality, servers)
            if service.memory.locality.isDue(entry, now: request.now, expiration: expiration),
                let most = most(of: entry, service.memory.locality, servers)
            {
                service.memory.locality.remove(most, from: entry, now: request.now)
            }
            if let server,
                !LocalityLeastConnection.isOverloaded(servers[server], service.order, servers)
            {
                return server
            }
        }
        guard let server = WeightedLeastConnection.choose(service.order, servers) else {
            return nil
        }
        service.memory.locality.insert(
            server, into: entry, request.destination, hash, now: request.now)
        return server
    }

    /// The server of a set with the least load for its weight.
    private static func least(
        of entry: LocalityTable.EntryIndex, _ table: borrowing LocalityTable,
        _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var least: RealServerIndex?
        var leastLoad: Int64 = 0
        var leastWeight: Int64 = 1
        var element = table.firstElement(of: entry)
        while let (index, next) = table.element(element) {
            element = next
            guard servers[index].isUsable, servers[index].isAvailable else { continue }
            let load = servers[index].load
            let weight = Int64(servers[index].rule.weight)
            guard least == nil || leastLoad &* weight > load &* leastWeight else { continue }
            least = index
            leastLoad = load
            leastWeight = weight
        }
        return least
    }

    /// The server of a set with the most load for its weight, deleted ones among them.
    private static func most(
        of entry: LocalityTable.EntryIndex, _ table: borrowing LocalityTable,
        _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var most: RealServerIndex?
        var mostLoad: Int64 = 0
        var mostWeight: Int64 = 1
        var element = table.firstElement(of: entry)
        while let (index, next) = table.element(element) {
            element = next
            let weight = Int64(servers[index].rule.weight)
            guard weight > 0 else { continue }
            let load = servers[index].load
            guard most == nil || mostLoad &* weight < load &* mostWeight else { continue }
            most = index
            mostLoad = load
            mostWeight = weight
        }
        return most
    }
}
