// The last step before a link: a packet that fits goes out, one that does not is cut if it may be
// (ip_fragment in net/ipv4/ip_output.c, ip6_fragment in net/ipv6/ip6_output.c).
//
// Invariant: a datagram that was put together here leaves in fragments no larger than it came in. All
// or nothing: either every fragment finds room, or the packet is dropped whole.

import Wire

/// Sends a packet out by a link through which `mtu` bytes fit. `mayCutAnyway` is for packets that IPVS
/// forwards: whether they fit was asked before, of the packet inside a tunnel for instance.
@inline(__always)
func output(
    _ frame: inout Frame, _ packet: HostPacket, by link: LinkIndex, mtu: Int, mayCutAnyway: Bool,
    _ work: inout Work, _ host: inout HostTables
) -> Verdict {
    frame.trim(to: packet.end)
    if packet.byteCount <= mtu && packet.fragmentByteCountMax == 0 {
        return .transmitted(.link(link))
    }
    return cutAndOutput(
        &frame, packet, by: link, mtu: mtu, mayCutAnyway: mayCutAnyway, &work, &host)
}

@inline(never)
private func cutAndOutput(
    _ frame: inout Frame, _ packet: HostPacket, by link: LinkIndex, mtu: Int, mayCutAnyway: Bool,
    _ work: inout Work, _ host: inout HostTables
) -> Verdict {
    let largest = packet.fragmentByteCountMax
    let isWhole = packet.isIPv4 ? largest == 0 : largest == 0 || packet.byteCount <= largest
    if packet.byteCount <= mtu && isWhole { return .transmitted(.link(link)) }
    let isForbidden =
        packet.isIPv4
        ? packet.dontFragment && (!mayCutAnyway || largest > mtu)
        : largest > mtu || (largest == 0 && !mayCutAnyway)
    guard !isForbidden else {
        refuse(.tooBig(mtu), frame, packet, &work, &host)
        return .dropped(.packetTooBig)
    }
    guard frame.byteCount >= packet.end else { return .dropped(.truncatedPacket) }
    let isCut =
        packet.isIPv4
        ? cutIPv4(
            &frame, packet, by: link, limit: largest == 0 ? mtu : min(mtu, largest), &work, host)
        : cutIPv6(
            &frame, packet, by: link, limit: largest == 0 ? mtu : max(largest, Limits.mtuMin6),
            &work, &host)
    return isCut ? .transmitted(.link(link)) : .dropped(.packetTooBig)
}

/// Cuts an IPv4 packet into fragments of `limit` bytes at most, where its fragments were cut before
/// if that is known and they fit; then none keeps its DF.
private func cutIPv4(
    _ frame: inout Frame, _ packet: HostPacket, by link: LinkIndex, limit: Int,
    _ work: inout Work, _ host: borrowing HostTables
) -> Bool {
    let room = limit &- (packet.transport &- packet.network)
    guard let cut = Cut(data: packet.transport..<packet.end, step: room & ~7, last: room) else {
        return false
    }
    let added = cut.dataByteCount &- packet.piecesByteCount
    let keepsPieces = packet.pieceCount > 1 && host.arePiecesFit(packet, added, room)
    let laterCount = keepsPieces ? packet.pieceCount &- 1 : cut.laterCount
    guard cut.fits(laterCount, of: room, work) else { return false }
    if keepsPieces || !packet.piecesKeepDontFragment {
        var bytes = work.mutableBytes(of: frame)
        if var header = MutableIPv4Header(&bytes, at: packet.network) {
            header.setDontFragment(false)
        }
    }
    let first = keepsPieces ? Int(host.pieces[0]) &+ added : cut.end(after: 0)
    guard first < cut.dataByteCount else { return true }
    var piece = 0..<first
    var index = 1
    while piece.upperBound < cut.dataByteCount {
        let end =
            keepsPieces
            ? piece.upperBound &+ Int(host.pieces[index]) : cut.end(after: piece.upperBound)
        piece = piece.upperBound..<end
        index &+= 1
        guard let later = cut.copyIPv4(piece, of: frame, at: packet.network, &work) else {
            return false
        }
        work.appendPiece(later, by: link)
    }
    cut.trimIPv4(&frame, at: packet.network, first: first, &work)
    return true
}

/// Cuts an IPv6 packet into fragments of `limit` bytes at most, where its fragments were cut before
/// if they fit, and gives each a fragment header, even where it stays in one piece.
private func cutIPv6(
    _ frame: inout Frame, _ packet: HostPacket, by link: LinkIndex, limit: Int,
    _ work: inout Work, _ host: inout HostTables
) -> Bool {
    let place = fragmentHeaderPlace(work.bytes(of: frame), packet)
    let room = limit &- (place.offset &- packet.network) &- IPv6FragmentFields.byteCount
    let start = place.offset &+ IPv6FragmentFields.byteCount
    let data = start..<packet.end &+ IPv6FragmentFields.byteCount
    guard let cut = Cut(data: data, step: room & ~7, last: room) else { return false }
    let added = data.count &- packet.piecesByteCount
    let keepsPieces = packet.pieceCount > 1 && host.arePiecesFit(packet, added, room)
    let laterCount = keepsPieces ? packet.pieceCount &- 1 : cut.laterCount
    guard cut.fits(laterCount, of: room, work) else { return false }
    insertFragmentHeader(&frame, at: place, packet, host.nextIdentification(), &work)
    let first = keepsPieces ? Int(host.pieces[0]) &+ added : cut.end(after: 0)
    var piece = 0..<first
    var index = 1
    while piece.upperBound < cut.dataByteCount {
        let end =
            keepsPieces
            ? piece.upperBound &+ Int(host.pieces[index]) : cut.end(after: piece.upperBound)
        piece = piece.upperBound..<end
        index &+= 1
        guard let later = cut.copy(piece, of: frame, &work) else { return false }
        setPiece(piece, of: cut, later, packet, &work)
        work.appendPiece(later, by: link)
    }
    frame.trim(to: cut.dataStart &+ first)
    setPiece(0..<first, of: cut, frame, packet, &work)
    return true
}

extension HostTables {
    /// Whether a packet can be cut where its fragments were, the first of them longer by what a tunnel
    /// added or shorter by options that each fragment repeats now: each must fit, and end on a
    /// multiple of eight.
    fileprivate func arePiecesFit(_ packet: HostPacket, _ added: Int, _ room: Int) -> Bool {
        let first = Int(pieces[0]) &+ added
        guard first > 0, first & 7 == 0 else { return false }
        for index in 0..<packet.pieceCount {
            let count = Int(pieces[index]) &+ (index == 0 ? added : 0)
            guard count <= room else { return false }
        }
        return true
    }
}

/// Where a fragment header belongs: before it the part that every fragment repeats (RFC 8200, section
/// 4.5), whose last byte of interest is the one that names the next header.
private struct FragmentHeaderPlace {
    var offset: Int
    var nextHeaderOffset: Int
}

private func fragmentHeaderPlace(_ bytes: RawSpan, _ packet: HostPacket) -> FragmentHeaderPlace {
    var place = FragmentHeaderPlace(
        offset: packet.network &+ IPv6Fields.byteCount, nextHeaderOffset: packet.network &+ 6)
    var hasRouting = false
    for _ in 0..<IPv6UpperLayer.extensionCountMax {
        let kind = IPProtocol(rawValue: bytes.u8(place.nextHeaderOffset))
        // As in the kernel, destination options end that part only behind a routing header.
        guard
            kind == .hopByHop || kind == .routing || kind == .destinationOptions && !hasRouting,
            place.offset &+ 8 <= packet.end
        else { break }
        hasRouting = hasRouting || kind == .routing
        let next = place.offset &+ (Int(bytes.u8(place.offset &+ 1)) &+ 1) &* 8
        guard next < packet.end else { break }
        place = FragmentHeaderPlace(offset: next, nextHeaderOffset: place.offset)
    }
    return place
}

/// Makes room for a fragment header in the headroom of the frame and writes it.
private func insertFragmentHeader(
    _ frame: inout Frame, at place: FragmentHeaderPlace, _ packet: HostPacket,
    _ identification: UInt32, _ work: inout Work
) {
    frame.advance(-IPv6FragmentFields.byteCount)
    work.copyBytes(
        from: frame.offset &+ IPv6FragmentFields.byteCount, count: place.offset, to: frame.offset)
    var bytes = work.mutableBytes(of: frame)
    let next = IPProtocol(rawValue: bytes.u8(place.nextHeaderOffset))
    bytes.setU8(place.nextHeaderOffset, IPProtocol.fragment.rawValue)
    var header = bytes.tail(from: place.offset)
    IPv6FragmentFields(nextHeader: next, offset: 0, more: false, identification: identification)
        .write(to: &header)
}

/// Tells a fragment which piece it is.
private func setPiece(
    _ piece: Range<Int>, of cut: Cut, _ frame: Frame, _ packet: HostPacket, _ work: inout Work
) {
    var bytes = work.mutableBytes(of: frame)
    let more: UInt16 = piece.upperBound < cut.dataByteCount ? 1 : 0
    let field = cut.dataStart &- IPv6FragmentFields.byteCount &+ 2
    bytes.setU16(field, UInt16(truncatingIfNeeded: piece.lowerBound) & 0xfff8 | more)
    if var header = MutableIPv6Header(&bytes, at: packet.network) {
        header.setPayloadByteCount(
            cut.dataStart &- packet.network &- IPv6Fields.byteCount &+ piece.count)
    }
}

extension Work {
    /// Adds a fragment that leaves by a link.
    fileprivate mutating func appendPiece(_ frame: Frame, by link: LinkIndex) {
        var frame = frame
        frame.verdict = .transmitted(.link(link))
        append(frame)
    }
}
