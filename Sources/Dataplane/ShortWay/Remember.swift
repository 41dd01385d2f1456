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
        switch work.sights[position].way {
        case .entry4, .entry6: continue
        case .local4, .owner4:
            let sight = work.sights[position]
            if sight.isPlain,
                FlowTable<IPv4Address>.refresh(
                    sight.flow4, hash: sight.flowHash, origin: sight.origin4, now: now,
                    in: &work.flows4)
            {
                continue
            }
        case .local6, .owner6:
            let sight = work.sights[position]
            if sight.isPlain,
                FlowTable<IPv6Address>.refresh(
                    sight.flow, hash: sight.flowHash, origin: sight.origin, now: now,
                    in: &work.flows6)
            {
                continue
            }
        }
        rememberFully(position, &work, &state)
    }
}

@inline(never)
private func rememberFully(_ position: Int, _ work: inout Work, _ state: inout NodeState) {
    let sight = work.sights[position]
    let outcome = state.remember(
        sight.flow, hash: sight.flowHash, origin: sight.origin, event: sight.event, &work)
    work.sights[position].drop = work.count(outcome, sight.choice)
}

extension Sight {
    @inline(__always)
    fileprivate var origin: FlowOrigin {
        FlowOrigin(address: destination, port: destinationPort, entry: node, service: service)
    }

    // The same, which says that the addresses are IPv4's: comparisons are of four bytes then.

    @inline(__always)
    fileprivate var flow4: TaskFlow {
        var flow = flow
        flow.client = IPv6Address(mapped: source.mappedIPv4)
        return flow
    }

    @inline(__always)
    fileprivate var origin4: FlowOrigin {
        var origin = origin
        origin.address = IPv6Address(mapped: destination.mappedIPv4)
        return origin
    }
}
