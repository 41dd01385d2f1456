// The choice of a real server for a new connection, and what each scheduler does when the servers of
// its virtual server change.
//
// Invariant: only servers of the virtual server's order are chosen, and none of weight zero or at
// its threshold, but for lblc, which sees thresholds only when it looks for a new server.

extension DirectorRules {
    /// The server for a new connection; nil when the scheduler has none.
    mutating func schedule(
        _ virtualServer: VirtualServerIndex, _ request: SchedulingRequest
    ) -> RealServerIndex? {
        clock = max(clock, request.now)
        return Self.choose(&virtualServers[Int(virtualServer.rawValue)], servers, request)
    }

    private static func choose(
        _ service: inout VirtualServer, _ servers: borrowing [RealServer],
        _ request: SchedulingRequest
    ) -> RealServerIndex? {
        switch service.rule.scheduler {
        case .roundRobin: RoundRobin.choose(&service, servers.span)
        case .leastConnection: LeastConnection.choose(service.order, servers.span)
        default: WeightedLeastConnection.choose(service.order, servers.span)
        }
    }

    /// Gives a virtual server's scheduler a memory of its own.
    mutating func startScheduler(of place: VirtualServerIndex) {
        self[place].memory = SchedulerMemory()
    }

    /// A server was put first in the order.
    mutating func serverWasAdded(to place: VirtualServerIndex) {
        if self[place].rule.scheduler == .roundRobin { RoundRobin.added(&self[place].memory) }
    }

    mutating func serverWasEdited(of place: VirtualServerIndex) {}

    /// A server was taken out of the order, where it was at `position`.
    mutating func serverWasDeleted(
        _ server: RealServerIndex, at position: Int, of place: VirtualServerIndex
    ) {
        if self[place].rule.scheduler == .roundRobin {
            RoundRobin.deleted(&self[place].memory, at: position)
        }
    }
}
