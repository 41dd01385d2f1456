// The short way, for the packet that nearly all packets are, in stages over a stretch of frames: look
// at all of them, decide for all of them, remember their flows, then write.
//
// Each stage is a loop that needs few registers, the loads and hashes of neighbours overlap, and a
// branch that was guessed wrong costs a stage and not a packet's whole way. A stretch ends before the
// first frame that must go the long way. Invariant: the first two stages, which find that out, change
// nothing but sights, so that frame takes the long way untouched, and in its turn.

import Wire

/// Takes frames from `first` on as far as the short way leads, a stretch at most; how many.
func goShort(
    from first: Int, _ work: inout Work, _ state: inout NodeState, _ program: borrowing Program
) -> Int {
    let limit = min(Limits.stretchFrameCount, work.frameCount &- first)
    let range = first..<first &+ work.survey(first, limit, state.flowKey, program)
    guard !range.isEmpty else { return 0 }
    remember(range.count, &work, &state)
    work.write(range, &state, program)
    return range.count
}
