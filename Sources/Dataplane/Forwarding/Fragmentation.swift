// Cutting an IPv4 packet that does not fit the overlay and may be cut (RFC 791, section 3.2), as the
// kernel's router would before its VXLAN device.
//
// Invariant: all or nothing: either every fragment finds room and goes the same way, or the packet
// is left whole. The first fragment keeps the frame, the rest are made by the node.

import Wire

/// Whether a packet that is too big may be cut: IPv4 without DF, and all of it at hand. SCTP's
/// checksum cannot follow a rewritten port across fragments, so it is asked to send less.
func mayFragment(_ packet: Packet, _ frame: Frame) -> Bool {
    packet.isIPv4 && !packet.dontFragment && frame.byteCount >= packet.end && packet.proto != .sctp
}

/// How a packet is cut: header length, data length, and data bytes in each fragment but the last.
private struct Cut {
    let headerByteCount: Int
    let dataByteCount: Int
    let stepByteCount: Int

    init(_ packet: Packet, mtu: Int) {
        headerByteCount = packet.transport &- packet.network
        dataByteCount = packet.end &- packet.transport
        stepByteCount = (mtu &- headerByteCount) & ~7
    }

    /// Fragments after the first.
    var laterCount: Int { (dataByteCount &- 1) / stepByteCount }

    /// Whether they find room, each with its headroom and alignment.
    func fits(_ packet: Packet, _ work: borrowing Work) -> Bool {
        guard stepByteCount > 0, laterCount <= work.freeFrameCount else { return false }
        let each = packet.transport &+ stepByteCount &+ Limits.headroomByteCount &+ 64
        return laterCount &* each <= work.freeByteCount
    }
}

/// Cuts a packet to the network's MTU: afterwards `frame` is its first fragment, and the others are
/// on their way to `node`. False, with nothing changed, when there is no room.
func fragment(
    _ frame: inout Frame, _ packet: Packet, in network: NetworkIndex, to node: NodeIndex,
    mac: MACAddress, hash: UInt64, _ work: inout Work, _ program: borrowing Program
) -> Bool {
    let cut = Cut(packet, mtu: program[network].mtu)
    guard cut.fits(packet, work) else { return false }
    for index in 1...max(cut.laterCount, 1) {
        let start = index &* cut.stepByteCount
        let count = min(cut.stepByteCount, cut.dataByteCount &- start)
        guard var later = copy(frame, packet, start, count, &work) else { return false }
        var bytes = work.mutableBytes(of: later)
        if var header = MutableIPv4Header(&bytes, at: packet.network) {
            header.blankUncopiedOptions()
            header.setFragment(
                advancedBy: start, dataByteCount: count, more: start &+ count < cut.dataByteCount)
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

/// A frame with the headers of `frame` and `count` bytes of its data from `start` on.
private func copy(
    _ frame: Frame, _ packet: Packet, _ start: Int, _ count: Int, _ work: inout Work
) -> Frame? {
    let byteCount = packet.transport &+ count
    guard let offset = work.reserve(byteCount) else { return nil }
    let data = frame.offset &+ packet.transport
    work.copyBytes(from: frame.offset, count: packet.transport, to: offset)
    work.copyBytes(from: data &+ start, count: count, to: offset &+ packet.transport)
    var later = Frame(
        offset: offset, byteCount: byteCount, wireByteCount: byteCount, id: frame.id,
        arrival: frame.arrival)
    later.origin = .generated
    later.timestamp = frame.timestamp
    later.choice = frame.choice
    return later
}
