// Fragments follow their first fragment (RFC 791, section 3.2; RFC 8200, section 4.5). What was
// decided for it is remembered for the datagram; a later fragment that comes before it waits.
//
// Invariant: every fragment of a datagram takes the way of its first one or is dropped, in bounded
// memory; none is sent on by guesswork.

import Wire

/// Remembers the way of a first fragment and releases what was waiting for it.
@inline(__always)
func remember(
    _ packet: Packet, _ route: FragmentRoute, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) {
    guard packet.fragment == .first else { return }
    state.fragments.remember(packet.datagram, route, now: work.seconds)
    state.held.release(packet.datagram, into: &work)
}

/// Sends a later fragment after its first, or keeps it until that comes.
@inline(never)
func follow(
    _ frame: inout Frame, _ packet: Packet, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict {
    switch state.fragments.find(packet.datagram, now: work.seconds) {
    case .request(let choice):
        work.services[Int(choice.service.rawValue)].requests.add(packet.byteCount)
        return send(choice, &frame, packet, &work, &state, program)
    case .reply(let origin):
        guard case .task(let index) = frame.arrival else { return .dropped(.noFlow) }
        return answer(origin, index, &frame, packet, nil, &work, &state, program)
    case .direct(let endpoint):
        return carry(&frame, packet, to: endpoint, hash: 0, &work, &state, program)
    case .echo:
        return turnBack(&frame, packet, &work, program)
    case .host:
        return .consumed(.host)
    case nil:
        let isHeld = state.held.hold(
            frame, work.bytes(of: frame), of: packet.datagram, now: work.seconds)
        return isHeld ? .held : .dropped(.fragmentHoldFull)
    }
}
