// twos: two servers are drawn in proportion to their weights, and the one with less load for its
// weight is taken (ip_vs_twos.c; Mitzenmacher, "The Power of Two Random Choices"). Numbers are drawn
// from zero to the sum of weights, both included, which favours the first server by a little.
//
// Invariant: what is drawn follows from the director's key and the number of draws before. The
// generator is SplitMix64 (Steele, Lea and Flood, 2014).

enum TwoChoices {
    static func choose(
        _ service: inout VirtualServer, _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var total: Int64 = 0
        for server in service.order where servers[server].isUsable {
            total &+= Int64(servers[server].rule.weight)
        }
        guard total > 0 else { return nil }
        let first = draw(total, &service.memory.random)
        let second = draw(total, &service.memory.random)
        guard let one = server(at: first, service.order, servers),
            let other = server(at: second, service.order, servers)
        else { return nil }
        let oneLoad = servers[one].load &* Int64(servers[other].rule.weight)
        let otherLoad = servers[other].load &* Int64(servers[one].rule.weight)
        return oneLoad > otherLoad ? other : one
    }

    /// The server at which the weights up to it reach `target`.
    private static func server(
        at target: Int64, _ order: borrowing [RealServerIndex], _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        var rest = target
        for place in order.indices where servers[order[place]].isUsable {
            rest &-= Int64(servers[order[place]].rule.weight)
            if rest <= 0 { return order[place] }
        }
        return nil
    }

    /// A number from 0 to `total`, both included.
    private static func draw(_ total: Int64, _ state: inout UInt64) -> Int64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value &>> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value &>> 27) &* 0x94d0_49bb_1331_11eb
        value ^= value &>> 31
        return Int64(value % UInt64(total &+ 1))
    }
}
