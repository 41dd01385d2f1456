// One node of the mesh inside the process: its program and its state.
//
// A class because `NodeState` cannot be copied and arrays hold only what can. It is touched once a
// batch, never for a packet.

import Dataplane
import Mesh

final class RunningNode {
    let program: Program
    var state: NodeState

    init(
        _ program: Program, key: HashKey, flowCountMax: Int, usesShortWay: Bool,
        looksAhead: Bool?
    ) {
        self.program = program
        state = NodeState(for: program, key: key, flowCountMax: flowCountMax)
        state.usesShortWay = usesShortWay
        state.looksAhead = looksAhead
    }

    /// Judges frames that have reached the node.
    func process(_ frames: inout FrameList, in arena: inout FrameArena, now: UInt64) {
        Dataplane.process(&frames, in: &arena, program: program, state: &state, now: now)
    }
}
