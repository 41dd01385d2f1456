// ovf: the server of the greatest weight takes connections until its active ones are more than its
// weight; then the next one does (ip_vs_ovf.c). UDP never overflows: its connections are not active.
//
// Invariant: of servers alike the first in the list is chosen; when all are full there is none.

enum Overflow {
    static func choose(
        _ order: borrowing [RealServerIndex], _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var best: RealServerIndex?
        var greatest: Int32 = 0
        for place in order.indices where servers[order[place]].isUsable {
            let weight = servers[order[place]].rule.weight
            guard weight > greatest, servers[order[place]].activeCount <= weight else { continue }
            best = order[place]
            greatest = weight
        }
        return best
    }
}
