// The short way, for the packet that nearly all packets are, over a stretch of frames: clients' packets
// are read and, if they are for other nodes, wrapped in one go; packets for tasks of this node are read,
// flow records are reached for, and then all of them are delivered. Replies are read and answered in the
// same two steps, and handed to clients where they come out of a tunnel.
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
        _ stretch: Range<Int>, _ state: inout NodeCore, _ program: borrowing Program
    ) -> Int {
        var seen = Seen()
        var next = stretch.lowerBound
        // Frames of one kind at a time, from the network, tunnelled or not, or from tasks, until one goes
        // no short way.
        while next < stretch.upperBound, frames[next].isWaiting {
            if frames[next].isFromTask != seen.areReplies {
                settle(seen, &state, program)
                seen = Seen()
                seen.areReplies = frames[next].isFromTask
            }
            let count = lead(next..<stretch.upperBound, &seen, &state, program)
            guard count > 0 else { break }
            next &+= count
        }
        let count = next &- stretch.lowerBound
        guard count > 0 else { return 0 }
        settle(seen, &state, program)
        state.ledger.received &+= UInt64(truncatingIfNeeded: count)
        return count
    }

    /// Leads frames of the kind that the first is of; how many.
    @inline(__always)
    private mutating func lead(
        _ range: Range<Int>, _ seen: inout Seen, _ state: inout NodeCore,
        _ program: borrowing Program
    ) -> Int {
        guard !seen.areReplies else {
            return leaveShort(
                range, of: frames, in: bytes, &sights4, &sights6, &seen, flows4, flows6,
                state.flowKey, program)
        }
        guard program.isTunnelled(frames[range.lowerBound].window(in: bytes.bytes)) else {
            return enterShort(
                range, of: &frames, in: &bytes, &services, &sights4, &sights6, &seen, flows4,
                flows6, state.flowKey, program)
        }
        let count = arriveShort(
            range, of: &frames, in: bytes, &sights4, &sights6, &seen, flows4, flows6,
            state.flowKey, program)
        seen.remoteCount &+= count
        guard count == 0 else { return count }
        let handedCount = handShort(range, of: &frames, in: &bytes, program)
        seen.handedCount &+= handedCount
        return handedCount
    }

    /// Finishes what was seen.
    private mutating func settle(
        _ seen: Seen, _ state: inout NodeCore, _ program: borrowing Program
    ) {
        guard !seen.isEmpty else { return }
        if seen.areReplies {
            answer(seen, &state, program)
        } else {
            deliver(seen, &state, program)
        }
    }

    /// Sends on what was seen to come from tasks.
    private mutating func answer(
        _ seen: Seen, _ state: inout NodeCore, _ program: borrowing Program
    ) {
        if seen.count4 > 0 {
            answerShort(
                ShortIPv4.self, seen.count4, sights4, of: &frames, in: &bytes, &flows4, &services,
                &endpoints, &state.ledger, now: seconds, program)
        }
        if seen.count6 > 0 {
            answerShort(
                ShortIPv6.self, seen.count6, sights6, of: &frames, in: &bytes, &flows6, &services,
                &endpoints, &state.ledger, now: seconds, program)
        }
    }

    /// Delivers what was seen to be for this node.
    private mutating func deliver(
        _ seen: Seen, _ state: inout NodeCore, _ program: borrowing Program
    ) {
        var strayCount = 0
        if seen.count4 > 0 {
            strayCount = deliverShort(
                ShortIPv4.self, seen.count4, &sights4, of: &frames, in: &bytes, &flows4,
                &state.flows4, &services, &endpoints, &state.ledger, now: seconds, program)
        }
        if seen.count6 > 0 {
            strayCount &+= deliverShort(
                ShortIPv6.self, seen.count6, &sights6, of: &frames, in: &bytes, &flows6,
                &state.flows6, &services, &endpoints, &state.ledger, now: seconds, program)
        }
        let remoteCount = UInt64(truncatingIfNeeded: seen.remoteCount)
        state.remoteCount &+= remoteCount &- UInt64(truncatingIfNeeded: strayCount)
        state.localCount &+=
            UInt64(truncatingIfNeeded: seen.count4 &+ seen.count6) &- remoteCount
        state.ledger.transmittedToUnderlay &+= UInt64(truncatingIfNeeded: seen.sentCount)
        state.ledger.transmittedToClients &+= UInt64(truncatingIfNeeded: seen.handedCount)
    }
}
