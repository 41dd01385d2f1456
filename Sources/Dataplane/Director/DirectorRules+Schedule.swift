// The choice of a real server for a new connection, and what each scheduler does when the servers of
// its virtual server change.
//
// Invariant: only servers of the virtual server's order are chosen, and none of weight zero or at
// its threshold, but for lblc, which sees thresholds only when it looks for a new server.

extension DirectorRules {
    /// The server for a new connection; nil when the scheduler has none.
    package mutating func schedule(
        _ virtualServer: VirtualServerIndex, _ request: SchedulingRequest
    ) -> RealServerIndex? {
        clock = max(clock, request.now)
        return Self.choose(
            &virtualServers[Int(virtualServer.rawValue)], servers, request, settings, key)
    }

    private static func choose(
        _ service: inout VirtualServer, _ servers: borrowing [RealServer],
        _ request: SchedulingRequest, _ settings: DirectorSettings, _ key: HashKey
    ) -> RealServerIndex? {
        let pool = servers.span
        return switch service.rule.scheduler {
        case .roundRobin: RoundRobin.choose(&service, pool)
        case .weightedRoundRobin: WeightedRoundRobin.choose(&service, pool)
        case .leastConnection: LeastConnection.choose(service.order, pool)
        case .weightedLeastConnection: WeightedLeastConnection.choose(service.order, pool)
        case .localityLeastConnection:
            LocalityLeastConnection.choose(
                &service, pool, request, expiration: UInt64(settings.lblcExpiration) &* 100)
        case .localityLeastConnectionReplicated:
            LocalityLeastConnectionReplicated.choose(
                &service, pool, request, expiration: UInt64(settings.lblcrExpiration) &* 100)
        case .destinationHash: DestinationHash.choose(service, pool, request)
        case .sourceHash: SourceHash.choose(service, pool, request)
        case .shortestExpectedDelay: ShortestExpectedDelay.choose(service.order, pool)
        case .neverQueue: NeverQueue.choose(service.order, pool)
        case .failover: Failover.choose(service.order, pool)
        case .overflow: Overflow.choose(service.order, pool)
        case .maglevHash: MaglevHash.choose(service, pool, request)
        case .twoChoices: TwoChoices.choose(&service, pool)
        case .mesh: MeshHash.choose(&service, pool, request, key)
        }
    }

    /// Gives a virtual server's scheduler a memory of its own.
    mutating func startScheduler(of place: VirtualServerIndex) {
        var memory = SchedulerMemory()
        switch self[place].rule.scheduler {
        case .localityLeastConnection, .localityLeastConnectionReplicated:
            memory.locality = LocalityTable(now: clock)
        case .twoChoices:
            memory.random = SipHash(key).finish(tail: UInt64(place.rawValue), byteCount: 4)
        default: break
        }
        self[place].memory = memory
        updateScheduler(of: place)
    }

    /// A server was put first in the order.
    mutating func serverWasAdded(to place: VirtualServerIndex) {
        if self[place].rule.scheduler == .roundRobin { RoundRobin.added(&self[place].memory) }
        updateScheduler(of: place)
    }

    /// A server of the order has another rule.
    mutating func serverWasEdited(of place: VirtualServerIndex) { updateScheduler(of: place) }

    /// A server was taken out of the order, where it was at `position`.
    mutating func serverWasDeleted(
        _ server: RealServerIndex, at position: Int, of place: VirtualServerIndex
    ) {
        if self[place].rule.scheduler == .roundRobin {
            RoundRobin.deleted(&self[place].memory, at: position)
        }
        updateScheduler(of: place)
        if self[place].rule.scheduler == .maglevHash {
            // A table of too many servers was not filled anew, and its slots still name this one.
            let slots = self[place].memory.slots
            for slot in slots.indices where slots[slot] == server {
                self[place].memory.slots[slot] = .none
            }
        }
    }

    private mutating func updateScheduler(of place: VirtualServerIndex) {
        Self.update(&virtualServers[Int(place.rawValue)], servers)
    }

    /// Fits what a scheduler keeps of its servers to what they are now.
    private static func update(
        _ service: inout VirtualServer, _ servers: borrowing [RealServer]
    ) {
        switch service.rule.scheduler {
        case .weightedRoundRobin: WeightedRoundRobin.changed(&service, servers.span)
        case .destinationHash: service.memory.slots = DestinationHash.slots(service.order)
        case .sourceHash:
            service.memory.slots = SourceHash.slots(service.order, servers.span)
        case .maglevHash: service.memory.slots = MaglevHash.slots(service, servers.span)
        case .mesh: service.memory.isStale = true
        default: break
        }
    }
}
