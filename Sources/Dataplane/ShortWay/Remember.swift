// The short way's third stage: enter in the flow table what is for tasks of this node.
//
// Invariant: the table sees packets in their order, and ends as `remember` alone would leave it; what it
// turns away is noted in the sight as a drop.

import Wire

/// Remembers the flows of the first `count` sights.
@inline(never)
func remember(_ count: Int, _ work: inout Work, _ state: inout NodeState) {
    let now = work.seconds
    for position in 0..<count {
        let way = work.sights[position].way
        if way.isEntry { continue }
        if work.sights[position].isPlain {
            let isKnown =
                way.isIPv4
                ? work.flows4.refresh(ShortIPv4.self, work.sights[position], now)
                : work.flows6.refresh(ShortIPv6.self, work.sights[position], now)
            if isKnown { continue }
        }
        remember(at: position, &work, &state)
    }
}

@inline(never)
private func remember(at position: Int, _ work: inout Work, _ state: inout NodeState) {
    let sight = work.sights[position]
    let isIPv4 = sight.way.isIPv4
    let outcome = state.remember(
        isIPv4 ? sight.flow(ShortIPv4.self) : sight.flow(ShortIPv6.self), hash: sight.flowHash,
        origin: isIPv4 ? sight.origin(ShortIPv4.self) : sight.origin(ShortIPv6.self),
        event: sight.event, &work)
    work.sights[position].drop = work.count(outcome, sight.choice)
}

extension MutableSpan {
    /// Refreshes the record of a plain packet's flow, if it stands at its first place.
    @inline(__always)
    fileprivate mutating func refresh<Header: ShortHeader>(
        _ family: Header.Type, _ sight: Sight, _ now: UInt32
    ) -> Bool where Element == FlowRecord<Header.Address> {
        FlowTable<Header.Address>.refresh(
            sight.flow(family), hash: sight.flowHash, origin: sight.origin(family), now: now,
            in: &self)
    }
}
