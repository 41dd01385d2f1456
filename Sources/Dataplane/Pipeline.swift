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
// Before that, frames try the short way, which knows only the packet that nearly all packets are and
// works on a stretch of frames in stages.
// Invariant: every frame leaves with one verdict, entered in the ledger once. Time and keys are
// parameters; nothing here allocates, throws or looks at a clock.

import Wire

/// Judges every frame of `frames`. Frames that the node makes (ICMP errors) or releases (fragments
/// that were held) are appended and judged too. `now` is in nanoseconds and does not go back.
public func process(
    _ frames: inout FrameList, in arena: inout FrameArena, program: borrowing Program,
    state: inout NodeState, now: UInt64
) {
    var mesh = MeshWay()
    drive(&frames, in: &arena, by: &mesh, program, &state, now)
}

/// The same on a node with a director, which sees each frame first and leaves to the mesh what is not
/// for its virtual servers.
public func process(
    _ frames: inout FrameList, in arena: inout FrameArena, director: inout Director,
    program: borrowing Program, state: inout NodeState, now: UInt64
) {
    director.advance(to: now)
    drive(&frames, in: &arena, by: &director, program, &state, now)
}

/// What carries a list of frames to their verdicts.
private protocol Way: ~Copyable {
    mutating func run(
        _ work: inout Work, _ state: inout NodeCore, _ program: borrowing Program)
}

private func drive(
    _ frames: inout FrameList, in arena: inout FrameArena,
    by way: inout some Way & ~Copyable, _ program: borrowing Program,
    _ state: inout NodeState, _ now: UInt64
) {
    state.prepare(for: program, now: Work.seconds(now))
    drive(
        &frames, in: &arena, by: &way, program, &state.core, &state.tables.services,
        &state.tables.endpoints, &state.tables.records4, &state.tables.records6,
        &state.tables.sights4, &state.tables.sights6, now)
}

// Each array a parameter of its own, for a span of one is taken to borrow all that it is a part of.
@inline(__always)
private func drive(
    _ frames: inout FrameList, in arena: inout FrameArena,
    by way: inout some Way & ~Copyable, _ program: borrowing Program,
    _ core: inout NodeCore, _ services: inout [FlowTraffic], _ endpoints: inout [FlowTraffic],
    _ records4: inout [FlowRecord<IPv4Address>], _ records6: inout [FlowRecord<IPv6Address>],
    _ sights4: inout StretchSights<IPv4Address>, _ sights6: inout StretchSights<IPv6Address>,
    _ now: UInt64
) {
    let (capacity, used) = (arena.bytes.count, arena.usedByteCount)
    let count = frames.count
    var work = Work(
        bytes: arena.bytes.rawBytes(at: 0, count: capacity), used: used,
        frames: frames.storage.mutableSpan, count: count, services: services.mutableSpan,
        endpoints: endpoints.mutableSpan, flows4: records4.mutableSpan,
        flows6: records6.mutableSpan, sights4: sights4.mutableSpan,
        sights6: sights6.mutableSpan, now: now)
    core.held.expire(now: work.seconds, into: &work)
    way.run(&work, &core, program)
    let (usedAfterwards, countAfterwards) = (work.usedByteCount, work.frameCount)
    _ = consume work
    arena.used = usedAfterwards
    frames.end = countAfterwards
}

private struct MeshWay: Way {
    mutating func run(
        _ work: inout Work, _ state: inout NodeCore, _ program: borrowing Program
    ) {
        var index = 0
        let looksAhead =
            state.looksAhead ?? (program.services.byteCount > Limits.nearTableByteCount)
        // Stretches end where they end, however often the short way is left and entered again.
        var stretchEnd = 0
        while index < work.frameCount {
            if state.usesShortWay, work.frames[index].isWaiting {
                if index >= stretchEnd {
                    stretchEnd = min(index &+ Limits.stretchFrameCount, work.frameCount)
                    if looksAhead { work.look(ahead: index..<stretchEnd, program) }
                }
                index &+= work.lead(index..<stretchEnd, &state, program)
                guard index < stretchEnd else { continue }
            }
            judge(index, &work, &state, program)
            index &+= 1
        }
    }
}

extension Director: Way {
    fileprivate mutating func run(
        _ work: inout Work, _ state: inout NodeCore, _ program: borrowing Program
    ) {
        var index = 0
        while index < work.frameCount {
            let count = min(Limits.stretchFrameCount, work.frameCount &- index)
            var position = 0
            if state.usesShortWay {
                lookAhead(from: index, count: count, &state.lent, &work, self)
            }
            while position < count {
                if state.usesShortWay {
                    position = goShort(
                        index, from: position, to: count, &state.lent, &self, &work,
                        &state.ledger)
                    guard position < count else { break }
                }
                directLong(index &+ position, &work, &self, &state, program)
                position &+= 1
            }
            index &+= count
        }
    }
}

@inline(never)
private func directLong(
    _ index: Int, _ work: inout Work, _ director: inout Director,
    _ state: inout NodeCore, _ program: borrowing Program
) {
    var frame = work.frames[index]
    if frame.fate == .pending, let verdict = direct(&frame, &director, &work) {
        frame.verdict = verdict
        work.frames[index] = frame
    }
    judge(index, &work, &state, program)
}

/// Takes a frame the general way, if it is not judged yet, and enters it in the ledger.
@inline(never)
private func judge(
    _ index: Int, _ work: inout Work, _ state: inout NodeCore,
    _ program: borrowing Program
) {
    var frame = work.frames[index]
    if frame.fate == .pending {
        frame.verdict = judge(&frame, &work, &state, program)
        work.frames[index] = frame
    }
    state.ledger.enter(frame)
}

private func judge(
    _ frame: inout Frame, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    var packet = Packet()
    switch parse(work.bytes(of: frame), wireByteCount: frame.wireByteCount, into: &packet) {
    case .drop(let reason): return .dropped(reason)
    case .neighbour: return .consumed(.neighbour)
    case .packet: break
    }
    switch frame.arrival {
    case .task(let endpoint):
        return leave(endpoint, &frame, packet, &work, &state, program)
    case .network:
        let isOverlay =
            packet.proto == .udp && packet.destinationPort == program.vxlanPort
            && packet.destination == program.own.vtep && packet.fragment != .later
        return isOverlay
            ? receive(&frame, &packet, &work, &state, program)
            : enter(&frame, packet, in: .clients, &work, &state, program)
    }
}
