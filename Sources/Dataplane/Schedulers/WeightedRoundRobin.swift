// wrr: one server after the other, those of greater weight more often (ip_vs_wrr.c). A pass over the
// list takes every server whose weight reaches the current one; then the current weight sinks by
// the common divisor of all weights, and after the pass of the least it starts at the greatest.
//
// Invariant: the current weight is one more than a multiple of the divisor, so that its last value
// is 1. Where it starts depends on how the servers came: each change keeps it if it still fits.

enum WeightedRoundRobin {
    /// The servers changed: the next pass starts at the head.
    static func changed(_ service: inout VirtualServer, _ servers: Span<RealServer>) {
        var divisor: Int32 = 0
        var greatest: Int32 = 0
        for server in service.order where servers[server].rule.weight > 0 {
            divisor = commonDivisor(servers[server].rule.weight, divisor)
            greatest = max(greatest, servers[server].rule.weight)
        }
        service.memory.position = -1
        service.memory.divisor = max(divisor, 1)
        service.memory.greatestWeight = greatest - (max(divisor, 1) - 1)
        let current = service.memory.currentWeight
        if current > service.memory.greatestWeight || current == 0 {
            service.memory.currentWeight = service.memory.greatestWeight
        } else if divisor > 1 {
            service.memory.currentWeight = current / divisor * divisor + 1
        }
    }

    static func choose(
        _ service: inout VirtualServer, _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        guard service.memory.greatestWeight != 0 else { return nil }
        let last = service.memory.position
        var place = last
        /// Where the walk ends without a server: the place it began at, in a later last pass.
        var end = -1
        var isLastPass = false
        var isRestarted = false
        while true {
            while place &+ 1 < service.order.count {
                place &+= 1
                let isFound = takes(servers[service.order[place]], service.memory)
                if isFound || place == end {
                    service.memory.position = place
                    return isFound ? service.order[place] : nil
                }
            }
            place = -1
            service.memory.currentWeight &-= service.memory.divisor
            if service.memory.currentWeight <= 0 {
                service.memory.currentWeight = service.memory.greatestWeight
                guard !isLastPass, last >= 0 else {
                    service.memory.position = -1
                    return nil
                }
                isRestarted = true
            }
            skipEmptyPasses(&service, servers)
            isLastPass = service.memory.currentWeight <= service.memory.divisor
            if isLastPass, isRestarted { end = last }
        }
    }

    /// Lowers the current weight past passes that would take no server, short of the last one.
    /// The kernel walks through them all, and there can be as many as weights are great.
    private static func skipEmptyPasses(
        _ service: inout VirtualServer, _ servers: Span<RealServer>
    ) {
        var best = service.memory.divisor
        guard service.memory.currentWeight > best else { return }
        for server in service.order where !servers[server].isOverloaded {
            best = max(best, servers[server].rule.weight)
        }
        let excess = service.memory.currentWeight &- best
        guard excess > 0 else { return }
        let divisor = service.memory.divisor
        service.memory.currentWeight &-= ((excess &- 1) / divisor &+ 1) &* divisor
    }

    @inline(__always)
    private static func takes(_ server: RealServer, _ memory: SchedulerMemory) -> Bool {
        !server.isOverloaded && server.rule.weight >= memory.currentWeight
    }
}

/// The greatest common divisor; that of anything and zero is the other.
func commonDivisor(_ a: Int32, _ b: Int32) -> Int32 {
    var (a, b) = (a, b)
    while b != 0 { (a, b) = (b, a % b) }
    return a
}
