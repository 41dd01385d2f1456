// Fragments follow their first fragment (RFC 791, section 3.2; RFC 8200, section 4.5). What was
// decided for it is remembered for the datagram; a later fragment that comes before it waits.
//
// Invariant: every fragment of a datagram takes the way of its first one or is dropped, in bounded
// memory; none is sent on by guesswork.

import Wire

/// Remembers the way of a first fragment and releases what was waiting for it.
func remember(
    _ packet: Packet, _ route: FragmentRoute, _ frames: inout FrameList,
    _ arena: inout FrameArena, _ state: inout NodeState, _ context: Context
) {
    guard packet.fragment == .first else { return }
    state.fragments.remember(packet.datagram, route, now: context.seconds)
    state.held.release(packet.datagram, into: &frames, &arena)
}

/// Sends a later fragment after its first, or keeps it until that comes.
func follow(
    _ frame: inout Frame, _ packet: Packet, _ frames: inout FrameList,
    _ arena: inout FrameArena, _ state: inout NodeState, _ context: Context
) -> Verdict {
    switch state.fragments.find(packet.datagram, now: context.seconds) {
    case .request(let choice):
        state.services[Int(choice.service.rawValue)].requests.add(packet.byteCount)
        return send(choice, &frame, packet, &frames, &arena, &state, context)
    case .reply(let origin):
        guard case .task(let index) = frame.arrival else { return .dropped(.noFlow) }
        return answer(origin, index, &frame, packet, nil, &frames, &arena, &state, context)
    case .direct(let endpoint):
        return carry(&frame, packet, to: endpoint, hash: 0, &frames, &arena, &state, context)
    case .echo:
        return turnBack(&frame, packet, &arena, context)
    case .host:
        return .consumed(.host)
    case nil:
        let isHeld = state.held.hold(
            frame, arena.bytes(of: frame), of: packet.datagram, now: context.seconds)
        return isHeld ? .held : .dropped(.fragmentHoldFull)
    }
}
