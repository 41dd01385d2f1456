// fo: the server of the greatest weight takes everything, until it takes no more (ip_vs_fo.c).
//
// Invariant: of servers alike the first in the list is chosen.

enum Failover {
    static func choose(
        _ order: borrowing [RealServerIndex], _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var best: RealServerIndex?
        var greatest: Int32 = 0
        for place in order.indices where servers[order[place]].isUsable {
            guard servers[order[place]].rule.weight > greatest else { continue }
            best = order[place]
            greatest = servers[order[place]].rule.weight
        }
        return best
    }
}
