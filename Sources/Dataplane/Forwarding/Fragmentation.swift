// Cutting an IPv4 packet that does not fit the overlay and may be cut (RFC 791, section 3.2), as the
// kernel's router would before its VXLAN device. `Cut` also serves the director (Host/Output.swift).
//
// Invariant: all or nothing: either every fragment finds room and goes the same way, or the packet
// is left whole. The first fragment keeps the frame, the rest are made by the node.

import Wire

/// Whether a packet that is too big may be cut: IPv4 without DF, and all of it at hand. SCTP's
/// checksum cannot follow a rewritten port across fragments, so it is asked to send less.
func mayFragment(_ packet: Packet, _ frame: Frame) -> Bool {
    packet.isIPv4 && !packet.dontFragment && frame.byteCount >= packet.end && packet.proto != .sctp
}

/// How a frame is cut: where the packet's data starts in it, how long the data is, how much of it the
/// first fragment has and how much each of the others but the last.
struct Cut {
    let dataStart: Int
    let dataByteCount: Int
    let firstByteCount: Int
    let stepByteCount: Int

    init(data: Range<Int>, first: Int? = nil, step: Int) {
        dataStart = data.lowerBound
        dataByteCount = data.count
        stepByteCount = step
        firstByteCount = min(first ?? step, dataByteCount)
    }

    /// Fragments after the first.
    var laterCount: Int {
        (dataByteCount &- firstByteCount &+ stepByteCount &- 1) / stepByteCount
    }

    /// The data of the fragment at `index`, counted from the start of the data.
    func piece(_ index: Int) -> Range<Int> {
        guard index > 0 else { return 0..<firstByteCount }
        let start = min(firstByteCount &+ (index &- 1) &* stepByteCount, dataByteCount)
        return start..<min(start &+ stepByteCount, dataByteCount)
    }

    /// Whether they find room, each with its headroom and alignment.
    func fits(_ work: borrowing Work) -> Bool {
        guard stepByteCount > 0, firstByteCount > 0, laterCount <= work.freeFrameCount else {
            return false
        }
        let each = dataStart &+ stepByteCount &+ Limits.headroomByteCount &+ 64
        return laterCount &* each <= work.freeByteCount
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
}

/// Cuts a packet to the network's MTU: afterwards `frame` is its first fragment, and the others are
/// on their way to `node`. False, with nothing changed, when there is no room.
func fragment(
    _ frame: inout Frame, _ packet: Packet, in network: NetworkIndex, to node: NodeIndex,
    mac: MACAddress, hash: UInt64, _ work: inout Work, _ program: borrowing Program
) -> Bool {
    let headerByteCount = packet.transport &- packet.network
    let cut = Cut(
        data: packet.transport..<packet.end,
        step: (program[network].mtu &- headerByteCount) & ~7)
    guard cut.fits(work) else { return false }
    for index in 1...max(cut.laterCount, 1) {
        let piece = cut.piece(index)
        guard var later = cut.copy(piece, of: frame, &work) else { return false }
        var bytes = work.mutableBytes(of: later)
        if var header = MutableIPv4Header(&bytes, at: packet.network) {
            header.blankUncopiedOptions()
            header.setFragment(
                advancedBy: piece.lowerBound, dataByteCount: piece.count,
                more: piece.upperBound < cut.dataByteCount)
        }
        encapsulate(
            &later, end: later.byteCount, trafficClass: packet.trafficClass, in: network, to: node,
            mac: mac,
            hash: hash, &work, program)
        later.verdict = .transmitted(.underlay(node))
        work.append(later)
    }
    frame.byteCount = packet.transport &+ cut.stepByteCount
    frame.wireByteCount = frame.byteCount
    var bytes = work.mutableBytes(of: frame)
    if var header = MutableIPv4Header(&bytes, at: packet.network) {
        header.setFragment(advancedBy: 0, dataByteCount: cut.stepByteCount, more: true)
    }
    return true
}
