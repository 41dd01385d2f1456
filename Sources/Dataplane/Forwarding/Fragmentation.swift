// Cutting an IPv4 packet that does not fit the overlay and may be cut (RFC 791, section 3.2), as the
// kernel's router would before its VXLAN device.
//
// Invariant: all or nothing: either every fragment finds room and goes the same way, or the packet
// is left whole. The first fragment keeps the frame, the rest are made by the node.

import Wire

/// Whether a packet that is too big may be cut: IPv4 without DF, and all of it at hand.
func mayFragment(_ packet: Packet, _ frame: Frame) -> Bool {
    packet.isIPv4 && !packet.dontFragment && frame.byteCount >= packet.end
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

    /// Data offset and length of each fragment after the first.
    var later: [(offset: Int, byteCount: Int)] {
        stride(from: stepByteCount, to: dataByteCount, by: stepByteCount).map {
            ($0, min(stepByteCount, dataByteCount - $0))
        }
    }
}

/// Cuts a packet to `mtu`: afterwards `frame` is its first fragment, and the others, not yet
/// judged, are returned. Nil, with nothing changed, when there is no room for all of them.
func fragment(
    _ frame: inout Frame, _ packet: Packet, mtu: Int, _ frames: borrowing FrameList,
    _ arena: inout FrameArena
) -> [Frame]? {
    let cut = Cut(packet, mtu: mtu)
    let each = packet.transport + cut.stepByteCount + Limits.headroomByteCount + 64
    guard cut.stepByteCount > 0, cut.later.count <= frames.freeCount,
        cut.later.count * each <= arena.freeByteCount
    else { return nil }
    var made: [Frame] = []
    for part in cut.later {
        let byteCount = packet.transport + part.byteCount
        guard let offset = arena.reserve(byteCount) else { return nil }
        arena.copyBytes(from: frame.offset, count: packet.transport, to: offset)
        arena.copyBytes(
            from: frame.offset + packet.transport + part.offset, count: part.byteCount,
            to: offset + packet.transport)
        var later = Frame(
            offset: offset, byteCount: byteCount, wireByteCount: byteCount, id: frame.id,
            arrival: frame.arrival)
        later.isGenerated = true
        later.timestamp = frame.timestamp
        later.choice = frame.choice
        var bytes = arena.mutableBytes(of: later)
        guard var header = MutableIPv4Header(&bytes, at: packet.network) else { return nil }
        header.blankUncopiedOptions()
        header.setFragment(
            advancedBy: part.offset, dataByteCount: part.byteCount,
            more: part.offset + part.byteCount < cut.dataByteCount)
        made.append(later)
    }
    frame.byteCount = packet.transport + cut.stepByteCount
    frame.wireByteCount = frame.byteCount
    var bytes = arena.mutableBytes(of: frame)
    if var header = MutableIPv4Header(&bytes, at: packet.network) {
        header.setFragment(advancedBy: 0, dataByteCount: cut.stepByteCount, more: true)
    }
    return made
}
