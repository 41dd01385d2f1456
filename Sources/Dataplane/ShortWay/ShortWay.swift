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
    var sorted = Sorted()
    let count = work.survey(first, limit, &sorted, state.flowKey, program)
    guard count > 0 else { return 0 }
    remember(ShortIPv4.self, &sorted.delivered4, &work, &state)
    remember(ShortIPv6.self, &sorted.delivered6, &work, &state)
    work.write(first..<first &+ count, &sorted, &state, program)
    return count
}
