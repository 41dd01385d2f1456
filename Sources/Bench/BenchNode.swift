// A node whose halves are measured: its program, its state, and its clock.
//
// A class because `NodeState` cannot be copied and arrays hold only what can; it is touched once a
// batch. Invariant: its time goes on by a millisecond for each pass, so nothing times out between two
// passes, and limits by the second are as full as they would be.

import Dataplane
import Mesh

final class BenchNode {
    private var program: Program
    private(set) var state: NodeState
    private var now: UInt64

    init(_ program: Program, now: UInt64, flowCountMax: Int = Limits.flowCountMax) {
        self.program = program
        self.now = now
        state = NodeState(
            for: program, key: HashKey(k0: 0, k1: UInt64(program.node.rawValue)),
            flowCountMax: flowCountMax)
    }

    var isBalanced: Bool { state.checkInvariants() }

    /// Runs another program from the next batch on.
    func adopt(_ program: Program) { self.program = program }

    func advance() { now &+= 1_000_000 }

    @inline(never)
    func process(_ frames: inout FrameList, in arena: inout FrameArena) {
        Dataplane.process(&frames, in: &arena, program: program, state: &state, now: now)
    }
}
