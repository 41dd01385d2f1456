// lc and wlc: the server with the least load, as it is or in proportion to its weight (ip_vs_lc.c,
// ip_vs_wlc.c). An active connection weighs as much as 256 inactive ones.
//
// Invariant: of servers alike the first in the list is chosen. The load is active * 256 + inactive,
// as in Linux 6.1; newer kernels count active connections once more.

enum LeastConnection {
    static func choose(
        _ order: borrowing [RealServerIndex], _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var least: RealServerIndex?
        var leastLoad: Int64 = 0
        for place in order.indices where servers[order[place]].isUsable {
            let load = servers[order[place]].load
            guard least == nil || load < leastLoad else { continue }
            least = order[place]
            leastLoad = load
        }
        return least
    }
}

enum WeightedLeastConnection {
    static func choose(
        _ order: borrowing [RealServerIndex], _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var least: RealServerIndex?
        var leastLoad: Int64 = 0
        var leastWeight: Int64 = 1
        for place in order.indices where servers[order[place]].isUsable {
            let load = servers[order[place]].load
            let weight = Int64(servers[order[place]].rule.weight)
            guard least == nil || leastLoad &* weight > load &* leastWeight else { continue }
            least = order[place]
            leastLoad = load
            leastWeight = weight
        }
        return least
    }
}

extension RealServer {
    @inline(__always)
    var load: Int64 { Int64(activeCount) &* 256 &+ Int64(inactiveCount) }
}
