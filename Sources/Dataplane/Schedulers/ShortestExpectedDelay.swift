// sed: the server where one more active connection would weigh least, in proportion to its weight
// (ip_vs_sed.c). Inactive connections do not count.
//
// Invariant: of servers alike the first in the list is chosen.

enum ShortestExpectedDelay {
    static func choose(
        _ order: borrowing [RealServerIndex], _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var least: RealServerIndex?
        var leastDelay: Int64 = 0
        var leastWeight: Int64 = 1
        for place in order.indices where servers[order[place]].isUsable {
            let delay = Int64(servers[order[place]].activeCount) &+ 1
            let weight = Int64(servers[order[place]].rule.weight)
            guard least == nil || leastDelay &* weight > delay &* leastWeight else { continue }
            least = order[place]
            leastDelay = delay
            leastWeight = weight
        }
        return least
    }
}
