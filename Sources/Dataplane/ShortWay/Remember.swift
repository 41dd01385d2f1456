// The short way's third stage: enter in the flow table what is for tasks of this node.
//
// Invariant: the table sees packets in their order, and ends as `remember` alone would leave it; what it
// turns away is noted in the sight as a drop.

import Wire

/// Remembers the flows of packets of one family.
@inline(never)
func remember<Header: ShortHeader>(
    _ family: Header.Type, _ positions: inout Positions, _ work: inout Work,
    _ state: inout NodeState
) {
    let now = work.seconds
    for index in 0..<positions.count {
        let position = positions[index]
        if work.sights[position].isPlain,
            Header.refresh(work.sights[position], now, &work)
        {
            continue
        }
        remember(family, at: position, &work, &state)
    }
}

@inline(never)
private func remember<Header: ShortHeader>(
    _ family: Header.Type, at position: Int, _ work: inout Work, _ state: inout NodeState
) {
    let sight = work.sights[position]
    let outcome = state.remember(
        sight.flow(family), hash: sight.flowHash, origin: sight.origin(family),
        event: sight.event, &work)
    work.sights[position].drop = work.count(outcome, sight.choice)
}

extension MutableSpan {
    /// Refreshes the record of a plain packet's flow, if it stands at its first place.
    @inline(__always)
    mutating func refresh<Header: ShortHeader>(
        _ family: Header.Type, _ sight: Sight, _ now: UInt32
    ) -> Bool where Element == FlowRecord<Header.Address> {
        FlowTable<Header.Address>.refresh(
            sight.flow(family), hash: sight.flowHash, origin: sight.origin(family), now: now,
            in: &self)
    }
}
