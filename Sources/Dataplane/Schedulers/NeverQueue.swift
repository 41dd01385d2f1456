// nq: the first server in the list without an active connection; if all have some, as sed
// (ip_vs_nq.c).
//
// Invariant: no server gets a second active connection while another one has none.

enum NeverQueue {
    static func choose(
        _ order: borrowing [RealServerIndex], _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        for place in order.indices
        where servers[order[place]].isUsable && servers[order[place]].activeCount == 0 {
            return order[place]
        }
        return ShortestExpectedDelay.choose(order, servers)
    }
}
