// The short way, for the packet that nearly all packets are, over a stretch of frames: clients' packets
// are read and, if they are for other nodes, wrapped in one go; packets for tasks of this node are read,
// flow records are reached for, and then all of them are delivered.
//
// Each stage is a loop that has one kind of packet before it, and what waits for memory waits for many
// records at a time. Invariant: a frame that must go the long way takes it untouched and after all that
// came before it; none is looked at more than twice, whatever a sender makes of it.

import Wire

extension Work {
    /// Looks ahead for a stretch of frames.
    func look(ahead stretch: Range<Int>, _ program: borrowing Program) {
        lookAhead(stretch, frames.span, bytes.bytes, services.span, endpoints.span, program)
    }

    /// Leads a stretch of frames the short way, as far as it goes; how many.
    mutating func lead(
        _ stretch: Range<Int>, _ state: inout NodeState, _ program: borrowing Program
    ) -> Int {
        var seen = Seen()
        var next = stretch.lowerBound
        // Frames of one kind at a time, tunnelled or not, until one goes neither way.
        while next < stretch.upperBound, frames[next].isFresh {
            let count: Int
            if program.isTunnelled(frames[next].window(in: bytes.bytes)) {
                count = arriveShort(
                    next..<stretch.upperBound, of: &frames, in: bytes, &sights4, &sights6, &seen,
                    flows4, flows6, state.flowKey, program)
                seen.remoteCount &+= count
            } else {
                count = enterShort(
                    next..<stretch.upperBound, of: &frames, in: &bytes, &services, &sights4,
                    &sights6, &seen, flows4, flows6, state.flowKey, program)
            }
            guard count > 0 else { break }
            next &+= count
        }
        let count = next &- stretch.lowerBound
        guard count > 0 else { return 0 }
        deliver(seen, &state, program)
        state.ledger.received &+= UInt64(truncatingIfNeeded: count)
        return count
    }

    /// Delivers what was seen to be for this node.
    private mutating func deliver(
        _ seen: Seen, _ state: inout NodeState, _ program: borrowing Program
    ) {
        if seen.count4 > 0 {
            deliverShort(
                ShortIPv4.self, seen.count4, &sights4, of: &frames, in: &bytes, &flows4,
                &state.flows4, &services, &endpoints, &state.ledger, now: seconds, program)
        }
        if seen.count6 > 0 {
            deliverShort(
                ShortIPv6.self, seen.count6, &sights6, of: &frames, in: &bytes, &flows6,
                &state.flows6, &services, &endpoints, &state.ledger, now: seconds, program)
        }
        let remoteCount = UInt64(truncatingIfNeeded: seen.remoteCount)
        state.remoteCount &+= remoteCount
        state.localCount &+=
            UInt64(truncatingIfNeeded: seen.count4 &+ seen.count6) &- remoteCount
        state.ledger.transmittedToUnderlay &+= UInt64(truncatingIfNeeded: seen.sentCount)
    }
}
