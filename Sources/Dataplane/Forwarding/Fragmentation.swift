// Cutting an IPv4 packet that does not fit the overlay and may be cut (RFC 791, section 3.2), as the
// kernel's router would before its VXLAN device. `Cut` also serves the director (Host/Output.swift).
//
// Invariant: all or nothing: either every fragment finds room and goes the same way, or the packet
// is left whole. The first fragment keeps the frame, the rest are made by the node.

import Wire

/// Whether a packet that is too big may be cut: IPv4 without DF. SCTP's checksum cannot follow a
/// rewritten port across fragments, so it is asked to send less.
private func mayFragment(_ packet: Packet) -> Bool {
    packet.isIPv4 && !packet.dontFragment && packet.proto != .sctp
}

/// The verdict on a packet that does not fit a network and cannot be cut; nil if it goes on. Its sender
/// is told, unless it has allowed cutting: a trace that holds too little of the packet is not its fault.
func refuseUncut(
    _ frame: Frame, _ packet: Packet, in network: NetworkIndex, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) -> Verdict? {
    let mtu = program[network].mtu(of: packet)
    guard packet.byteCount > mtu else { return nil }
    guard mayFragment(packet) else {
        refuse(.tooBig(mtu), frame, packet, &work, &state, program)
        return .dropped(.packetTooBig)
    }
    return frame.byteCount >= packet.end ? nil : .dropped(.packetTooBig)
}

extension OverlayNetwork {
    /// The largest IP packet that fits beside the tags that its frame keeps, in bytes.
    func mtu(of packet: Packet) -> Int { mtu &- (packet.network &- EthernetFields.byteCount) }
}

/// How a frame is cut: where the packet's data starts in it and how long it is, how much of it goes
/// into each fragment, and how much may be in the last one, which need not end on a multiple of 8.
struct Cut {
    let dataStart: Int
    let dataByteCount: Int
    let stepByteCount: Int
    let lastByteCountMax: Int

    /// Nil when no data fits a fragment.
    init?(data: Range<Int>, step: Int, last: Int? = nil) {
        guard step > 0, !data.isEmpty else { return nil }
        dataStart = data.lowerBound
        dataByteCount = data.count
        stepByteCount = step
        lastByteCountMax = last ?? step
    }

    /// Where the fragment ends that starts at `start` of the data.
    func end(after start: Int) -> Int {
        dataByteCount &- start <= lastByteCountMax ? dataByteCount : start &+ stepByteCount
    }

    /// Fragments after the first.
    var laterCount: Int {
        let rest = dataByteCount &- lastByteCountMax
        return rest <= 0 ? 0 : (rest &+ stepByteCount &- 1) / stepByteCount
    }

    /// Whether they find room, each with its headroom and alignment.
    func fits(_ work: borrowing Work) -> Bool {
        fits(laterCount, of: max(stepByteCount, lastByteCountMax), work)
    }

    /// Whether `count` fragments with `byteCount` bytes of data at most find room.
    func fits(_ count: Int, of byteCount: Int, _ work: borrowing Work) -> Bool {
        guard count <= work.freeFrameCount else { return false }
        let each = dataStart &+ byteCount &+ Limits.headroomByteCount &+ 64
        return count &* each <= work.freeByteCount
    }

    /// A frame with the headers of `frame` and one piece of its data; nil when there is no room.
    func copy(_ piece: Range<Int>, of frame: Frame, _ work: inout Work) -> Frame? {
        let byteCount = dataStart &+ piece.count
        guard let offset = work.reserve(byteCount) else { return nil }
        let data = frame.offset &+ dataStart
        work.copyBytes(from: frame.offset, count: dataStart, to: offset)
        work.copyBytes(
            from: data &+ piece.lowerBound, count: piece.count, to: offset &+ dataStart)
        var later = Frame(
            offset: offset, byteCount: byteCount, wireByteCount: byteCount, id: frame.id,
            arrival: frame.arrival)
        later.origin = .generated
        later.timestamp = frame.timestamp
        later.choice = frame.choice
        return later
    }

    /// The same for a packet whose IPv4 header is at `network`, which tells of the piece then. The first
    /// piece is not for this: it keeps all options.
    func copyIPv4(
        _ piece: Range<Int>, of frame: Frame, at network: Int, _ work: inout Work
    ) -> Frame? {
        guard let later = copy(piece, of: frame, &work) else { return nil }
        var bytes = work.mutableBytes(of: later)
        if var header = MutableIPv4Header(&bytes, at: network) {
            header.blankUncopiedOptions()
            header.setFragment(
                advancedBy: piece.lowerBound, dataByteCount: piece.count,
                more: piece.upperBound < dataByteCount)
        }
        return later
    }

    /// Makes `frame` its own first piece, after all others were copied from it.
    func trimIPv4(_ frame: inout Frame, at network: Int, _ work: inout Work) {
        trimIPv4(&frame, at: network, first: end(after: 0), &work)
    }

    /// The same where the first piece ends at `first`.
    func trimIPv4(_ frame: inout Frame, at network: Int, first: Int, _ work: inout Work) {
        frame.trim(to: dataStart &+ first)
        var bytes = work.mutableBytes(of: frame)
        if var header = MutableIPv4Header(&bytes, at: network) {
            header.setFragment(advancedBy: 0, dataByteCount: first, more: true)
        }
    }
}

/// Cuts a packet to the network's MTU: afterwards `frame` is its first fragment, and the others are
/// on their way to `node`. False, with nothing changed, when there is no room.
func fragment(
    _ frame: inout Frame, _ packet: Packet, in network: NetworkIndex, to node: NodeIndex,
    mac: MACAddress, hash: UInt64, _ work: inout Work, _ program: borrowing Program
) -> Bool {
    let headerByteCount = packet.transport &- packet.network
    guard
        let cut = Cut(
            data: packet.transport..<packet.end,
            step: (program[network].mtu(of: packet) &- headerByteCount) & ~7),
        cut.fits(work)
    else { return false }
    var piece = 0..<cut.end(after: 0)
    while piece.upperBound < cut.dataByteCount {
        piece = piece.upperBound..<cut.end(after: piece.upperBound)
        guard var later = cut.copyIPv4(piece, of: frame, at: packet.network, &work) else {
            return false
        }
        encapsulate(
            &later, end: later.byteCount, trafficClass: packet.trafficClass, in: network, to: node,
            mac: mac, hash: hash, &work, program)
        later.verdict = .transmitted(.underlay(node))
        work.append(later)
    }
    cut.trimIPv4(&frame, at: packet.network, &work)
    return true
}
