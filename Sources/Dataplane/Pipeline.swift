// The pipeline: a list of frames in, a verdict on each of them out.
//
// A frame from the network is either VXLAN to this node's own VTEP, which goes to the owner's half,
// or a client's packet, which enters here. A frame from a task is a reply, or enters the mesh too.
//
//     network ── VXLAN to own VTEP ──▶ receive ──▶ deliver to the task │ hand to the client
//        └────── anything else ──────▶ enter ────▶ wrap for the owner │ deliver, if it is here
//     task ───── flow known ─────────▶ answer ───▶ wrap for the entry node │ hand to the client
//        └────── otherwise ──────────▶ enter
//
// Invariant: every frame leaves with one verdict, entered in the ledger once. Time and keys are
// parameters; nothing here allocates, throws or looks at a clock.

import Wire

/// What the stages share while a frame is judged.
struct Context {
    let program: Program
    /// Nanoseconds on the caller's clock.
    let now: UInt64
    let seconds: UInt32
}

/// Judges every frame of `frames`. Frames that the node makes (ICMP errors) or releases (fragments
/// that were held) are appended and judged too. `now` is in nanoseconds and does not go back.
public func process(
    _ frames: inout FrameList, in arena: inout FrameArena, program: Program,
    state: inout NodeState, now: UInt64
) {
    let seconds = UInt32(truncatingIfNeeded: now / 1_000_000_000)
    let context = Context(program: program, now: now, seconds: seconds)
    state.flows4.rebuildIfCrowded(now: seconds)
    state.flows6.rebuildIfCrowded(now: seconds)
    state.held.expire(now: seconds, into: &frames, &arena)
    var packet = Packet()
    var index = 0
    while index < frames.count {
        var frame = frames[index]
        if frame.verdict == .pending {
            frame.verdict = judge(&frame, &packet, &frames, &arena, &state, context)
            frames[index] = frame
        }
        state.ledger.enter(frame)
        index &+= 1
    }
}

private func judge(
    _ frame: inout Frame, _ packet: inout Packet, _ frames: inout FrameList,
    _ arena: inout FrameArena, _ state: inout NodeState, _ context: Context
) -> Verdict {
    switch parse(arena.bytes(of: frame), wireByteCount: frame.wireByteCount, into: &packet) {
    case .drop(let reason): return .dropped(reason)
    case .neighbour: return .consumed(.neighbour)
    case .packet: break
    }
    switch frame.arrival {
    case .task(let endpoint):
        return leave(endpoint, &frame, packet, &frames, &arena, &state, context)
    case .network:
        let isOverlay =
            packet.proto == .udp && packet.destinationPort == context.program.vxlanPort
            && packet.destination == context.program.own.vtep && packet.fragment != .later
        return isOverlay
            ? receive(&frame, &packet, &frames, &arena, &state, context)
            : enter(&frame, packet, in: .clients, &frames, &arena, &state, context)
    }
}
