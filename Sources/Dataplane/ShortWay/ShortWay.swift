// The short way, for the packet that nearly all packets are, in stages over a stretch of frames: look
// at all of them, decide for all of them, remember their flows, then write.
//
// Each stage is a loop that needs few registers, the loads and hashes of neighbours overlap, and a
// branch that was guessed wrong costs a stage and not a packet's whole way. Invariant: the first two
// stages change nothing but sights, and what they see is neither the tables' state nor another frame, so
// a frame that must go the long way after all takes it untouched and in its turn, and what was seen of
// the frames behind it still holds: no frame is looked at twice, whatever a sender makes of them.

import Wire

/// Looks at frames from `first` on, a stretch at most; how many of them the short way may lead.
func lookAhead(
    from first: Int, _ work: inout Work, _ state: borrowing NodeState,
    _ program: borrowing Program
) -> Int {
    let count = min(Limits.stretchFrameCount, work.frameCount &- first)
    return work.look(first..<first &+ count, state.flowKey, program)
}

/// Takes frames of the stretch from `first` on, which have been looked at, from one position to where
/// the short way ends; the position there, `seen` if it leads past all of them.
func goShort(
    _ first: Int, from start: Int, to seen: Int, _ work: inout Work, _ state: inout NodeState,
    _ program: borrowing Program
) -> Int {
    var sorted = Sorted()
    let end = work.decide(start..<seen, &sorted, state.flowKey, program)
    remember(ShortIPv4.self, &sorted.delivered4, &work, &state)
    remember(ShortIPv6.self, &sorted.delivered6, &work, &state)
    work.write(first..<first &+ end, &sorted, &state, program)
    return end
}
