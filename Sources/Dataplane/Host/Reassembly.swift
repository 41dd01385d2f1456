// Putting datagrams together, as the host does for packets to itself and IPVS for those it may have to
// rewrite (ip_defrag in net/ipv4/ip_fragment.c; nf_defrag_ipv6 for all IPv6).
//
// Invariant: the frame of the fragment that makes a datagram whole goes on as that datagram, with the
// first fragment's headers; the other frames were consumed when they came.

import Wire

/// Takes a fragment in; nil if `frame` and `packet` are a whole datagram now, or were one before.
@inline(__always)
func reassemble(
    _ frame: inout Frame, _ packet: inout HostPacket, _ host: inout HostTables,
    _ work: inout Work, _ table: inout ReassemblyTable
) -> Verdict? {
    guard packet.fragment != .none || packet.fragmentHeader > 0 else { return nil }
    return reassembleFragment(&frame, &packet, &host, &work, &table)
}

@inline(never)
private func reassembleFragment(
    _ frame: inout Frame, _ packet: inout HostPacket, _ host: inout HostTables,
    _ work: inout Work, _ table: inout ReassemblyTable
) -> Verdict? {
    guard frame.byteCount >= packet.end else { return .dropped(.truncatedPacket) }
    guard let place = FragmentPlace(packet, in: work.bytes(of: frame)) else {
        // As the kernel has it, such a fragment goes on by itself.
        table.abandon(packet.datagram)
        return nil
    }
    let outcome = table.insert(
        work.bytes(of: frame), place, of: packet.datagram, now: work.seconds)
    switch outcome {
    case .kept: return .consumed(.reassembled)
    case .drop(let reason): return .dropped(reason)
    case .whole(let index):
        return goOn(as: index, &frame, &packet, &host, &work, &table)
    }
}

/// Makes `frame` and `packet` the datagram that is whole.
private func goOn(
    as index: Int, _ frame: inout Frame, _ packet: inout HostPacket,
    _ host: inout HostTables, _ work: inout Work, _ table: inout ReassemblyTable
) -> Verdict? {
    guard let datagram = table[index] else { return .dropped(.badFragment) }
    let pieceCount = table.list(index, into: &host.pieces)
    let head = table.headByteCount(of: index)
    let byteCount = head &+ datagram.byteCount
    guard let offset = work.reserve(byteCount) else { return .dropped(.fragmentHoldFull) }
    table.take(index, to: offset, &work)
    frame.offset = offset
    frame.byteCount = byteCount
    frame.wireByteCount = byteCount
    let isIPv4 = packet.isIPv4
    let network = packet.network
    guard let isMarked = datagram.isMarked else { return .dropped(.badFragment) }
    let codepoint: UInt8 = isMarked ? 3 : 0
    let dontFragment =
        isIPv4 && datagram.dontFragmentByteCountMax == datagram.packetByteCountMax
    if isIPv4 {
        guard byteCount &- network <= 65_535 else { return .dropped(.badFragment) }
        makeWhole(frame, network, datagram, codepoint, dontFragment, &work)
    } else {
        removeFragmentHeader(&frame, network, head: head, codepoint, &work)
    }
    let isForHost = packet.isForHost
    guard
        case .packet = examine(
            work.bytes(of: frame), wireByteCount: frame.wireByteCount, host, into: &packet)
    else { return .dropped(.badFragment) }
    packet.mark = datagram.mark
    packet.isForHost = isForHost
    packet.fragmentByteCountMax = datagram.packetByteCountMax
    // Linux puts IPv4 for the host itself into one buffer where the driver's buffers let it, and then
    // does not know any more where it was cut.
    packet.pieceCount = isIPv4 && isForHost ? 0 : pieceCount
    packet.recordedRoute = datagram.recordedRoute
    packet.piecesByteCount = datagram.byteCount
    packet.piecesKeepDontFragment = dontFragment
    return nil
}

private func makeWhole(
    _ frame: Frame, _ network: Int, _ datagram: ReassemblyTable.Datagram, _ codepoint: UInt8,
    _ dontFragment: Bool, _ work: inout Work
) {
    var bytes = work.mutableBytes(of: frame)
    let trafficClass = bytes.u8(network &+ 1)
    guard var header = MutableIPv4Header(&bytes, at: network) else { return }
    header.setWhole(dataByteCount: datagram.byteCount, dontFragment: dontFragment)
    header.setTrafficClass(trafficClass | codepoint)
}

/// Takes the fragment header, which ends at `head`, out of the chain.
private func removeFragmentHeader(
    _ frame: inout Frame, _ network: Int, head: Int, _ codepoint: UInt8, _ work: inout Work
) {
    let fragmentHeader = head &- IPv6FragmentFields.byteCount
    var bytes = work.mutableBytes(of: frame)
    var nextHeader = network &+ 6
    var offset = network &+ IPv6Fields.byteCount
    while offset < fragmentHeader {
        let kind = IPProtocol(rawValue: bytes.u8(nextHeader))
        let count = Int(bytes.u8(offset &+ 1))
        nextHeader = offset
        offset &+= kind == .authentication ? (count &+ 2) &* 4 : (count &+ 1) &* 8
    }
    bytes.setU8(nextHeader, bytes.u8(fragmentHeader))
    let trafficClass = UInt8(truncatingIfNeeded: bytes.bytes.u16(network) >> 4)
    if var header = MutableIPv6Header(&bytes, at: network) {
        header.setPayloadByteCount(
            frame.byteCount &- network &- IPv6Fields.byteCount &- IPv6FragmentFields.byteCount)
        header.setTrafficClass(trafficClass | codepoint)
    }
    work.copyBytes(
        from: frame.offset, count: fragmentHeader,
        to: frame.offset &+ IPv6FragmentFields.byteCount)
    frame.advance(IPv6FragmentFields.byteCount)
}

extension FragmentPlace {
    /// Reads where a fragment belongs; nil for one of IPv6 that is not the last and yet does not end on
    /// a multiple of eight.
    fileprivate init?(_ packet: HostPacket, in frame: RawSpan) {
        if packet.isIPv4 {
            guard let header = IPv4Header(frame.from(packet.network)) else { return nil }
            offset = header.fragmentOffset
            more = header.moreFragments
            // All but the last end on a multiple of eight; what is beyond it is left out.
            let count = packet.end &- packet.transport
            data = packet.transport..<packet.transport &+ (more ? count & ~7 : count)
        } else {
            let start = packet.fragmentHeader &+ IPv6FragmentFields.byteCount
            guard start <= packet.end else { return nil }
            let word = frame.u16(packet.fragmentHeader &+ 2)
            offset = Int(word & 0xfff8)
            more = word & 1 != 0
            data = start..<packet.end
            guard !more || data.count & 7 == 0 else { return nil }
        }
        packetByteCount = packet.byteCount
        dontFragment = packet.isIPv4 && packet.dontFragment
        trafficClass = packet.trafficClass
        recordedRoute = packet.recordedRoute
        mark = packet.mark
    }
}

extension HostPacket {
    /// What all fragments of the datagram share; the protocol is no part of it in IPv6 (RFC 8200,
    /// section 4.5). IPv4's are put together apart for the host and on their way through it, as by
    /// IPVS's hooks: a mark can claim some of a datagram's fragments for the host and not the others.
    fileprivate var datagram: DatagramKey {
        let passes: UInt32 = isIPv4 && !isForHost ? 1 << 16 : 0
        return DatagramKey(
            source: source, destination: destination, identification: identification | passes,
            proto: isIPv4 ? proto : .ipv6)
    }
}
