// The short way, for the packet that nearly all packets are, over a stretch of frames: clients' packets
// are read and, if they are for other nodes, wrapped in one go; packets for tasks of this node are read,
// flow records are reached for, and then all of them are delivered.
//
// Each stage is a loop that has one kind of packet before it, and what waits for memory waits for many
// records at a time. Invariant: a frame that must go the long way takes it untouched and after all that
// came before it; none is looked at more than twice, whatever a sender makes of it.

import Wire

/// Takes frames from `first` on, a stretch at most, to where the short way ends; the position there.
func goShort(
    from first: Int, _ work: inout Work, _ state: inout NodeState, _ program: borrowing Program
) -> Int {
    let count = min(Limits.stretchFrameCount, work.frameCount &- first)
    return first &+ work.lead(first..<first &+ count, &state, program)
}
