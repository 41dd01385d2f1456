// One node of the mesh inside the process: its program, its state, and the frames waiting for it.
//
// A class because `NodeState` cannot be copied and arrays hold only what can. It is touched once a
// batch, never for a packet.

import Dataplane
import Mesh

final class RunningNode {
    let program: Program
    var state: NodeState
    /// Frames that have reached the node and are not judged yet.
    var incoming = FrameList()
    /// Frames that reach it in the next round.
    var next = FrameList()

    init(_ program: Program, key: Dataplane.HashKey, flowCountMax: Int) {
        self.program = program
        state = NodeState(for: program, key: key, flowCountMax: flowCountMax)
    }

    /// Judges what has come in.
    func process(in arena: inout FrameArena, now: UInt64) {
        Dataplane.process(&incoming, in: &arena, program: program, state: &state, now: now)
    }

    /// Makes what has come for the next round what has come in.
    func turn() {
        incoming.removeAll()
        swap(&incoming, &next)
    }
}
