// The first look at a frame as a Linux host takes it (net/ipv4/ip_input.c, net/ipv6/ip6_input.c, and
// the source checks of net/ipv4/route.c): header, lengths, checksum, addresses. What stands behind the
// IP header is not judged, for a router carries it all.
//
// Invariant: a packet that passes has an IP header that is wholly there and agrees with the length of
// the frame on the wire; `transport` and, unless the capture cut the frame, `end` lie within it.

import Wire

enum ExamineOutcome {
    case packet
    /// The host's own business, whatever rules there are.
    case consumed(Consumed)
    case drop(Drop)
}

/// Reads a frame's IP header into `packet`. Its mark is for the caller to set.
func examine(
    _ frame: RawSpan, wireByteCount: Int, _ host: borrowing HostTables,
    into packet: inout HostPacket
) -> ExamineOutcome {
    guard let link = LinkHeader(frame) else { return .drop(.truncatedEthernet) }
    packet = HostPacket()
    packet.network = link.byteCount
    let wire = wireByteCount &- link.byteCount
    let outcome: ExamineOutcome
    switch link.etherType {
    case .ipv4: outcome = examineIPv4(link.payload, wireByteCount: wire, into: &packet)
    case .ipv6: outcome = examineIPv6(link.payload, wireByteCount: wire, into: &packet)
    case .arp: return .consumed(.neighbour)
    default: return .drop(link.etherType.isTag ? .tooManyTags : .unsupportedEtherType)
    }
    guard case .packet = outcome else { return outcome }
    packet.isForHost = host.isOwn(packet.destination)
    return packet.isIPv4 && host.isBroadcast(packet.destination) ? .consumed(.host) : .packet
}

private func examineIPv4(
    _ bytes: RawSpan, wireByteCount: Int, into packet: inout HostPacket
) -> ExamineOutcome {
    guard let header = IPv4Header(bytes) else { return .drop(.malformedIPv4) }
    guard header.isChecksumValid else { return .drop(.badHeaderChecksum) }
    guard header.totalByteCount <= wireByteCount else { return .drop(.truncatedPacket) }
    guard !header.source.isRefusedSource else { return .drop(.martianSource) }
    packet.isIPv4 = true
    packet.end = packet.network &+ header.totalByteCount
    packet.transport = packet.network &+ header.headerByteCount
    packet.proto = header.proto
    packet.hopLimit = header.ttl
    packet.trafficClass = header.trafficClass
    packet.dontFragment = header.dontFragment
    packet.source = IPv6Address(mapped: header.source)
    packet.destination = IPv6Address(mapped: header.destination)
    if header.isFragment {
        packet.identification = UInt32(header.identification)
        packet.fragment = header.isFirstFragment ? .first : .later
    }
    let first = header.destination.rawValue >> 24
    if first >= 224 && first < 240 || header.destination.rawValue == .max {
        return .consumed(.host)
    }
    return header.destination.rawValue == 0 || first == 127 ? .drop(.unroutable) : .packet
}

private func examineIPv6(
    _ bytes: RawSpan, wireByteCount: Int, into packet: inout HostPacket
) -> ExamineOutcome {
    guard let header = IPv6Header(bytes) else { return .drop(.malformedIPv6) }
    guard header.totalByteCount <= wireByteCount else { return .drop(.truncatedPacket) }
    guard !header.destination.isIPv4Mapped, !header.destination.isLoopback else {
        return .drop(.unroutable)
    }
    packet.isIPv4 = false
    packet.end = packet.network &+ header.totalByteCount
    packet.hopLimit = header.hopLimit
    packet.trafficClass = header.trafficClass
    packet.dontFragment = true
    packet.source = header.source
    packet.destination = header.destination
    if header.nextHeader == .hopByHop {
        guard let problem = hopByHopProblem(header.payload) else {
            return .drop(.malformedExtension)
        }
        if problem.offset > 0 {
            packet.optionProblem = problem.offset &+ IPv6Fields.byteCount
            packet.isOptionUnknown = problem.isUnknown
        }
    }
    // A router forwards what it cannot read to the end; no virtual server takes it.
    packet.proto = .noNextHeader
    packet.transport = min(packet.end, packet.network &+ bytes.byteCount)
    if case .upperLayer(let layer) = header.walk {
        packet.proto = layer.proto
        packet.transport = packet.network &+ layer.offset
        if let fragment = layer.fragment { packet.note(fragment) }
    }
    if header.destination.high >> 56 == 0xff {
        let isNeighbour = packet.proto == .icmpv6 && packet.fragment == .none
        return .consumed(isNeighbour ? .neighbour : .host)
    }
    return header.source.isMartian && !header.source.isUnspecified ? .drop(.martianSource) : .packet
}

/// A router's walk over the hop-by-hop options at the start of `bytes` (RFC 8200, section 4.2; jumbo
/// payload, RFC 2675): where its sender shall hear that something is wrong, 0 for nowhere, nil if the
/// packet is to be dropped without a word. As in the kernel, a run of padding longer than seven bytes
/// and padding that is not zero count as malformed.
private func hopByHopProblem(_ bytes: RawSpan) -> (offset: Int, isUnknown: Bool)? {
    guard bytes.byteCount >= 8 else { return nil }
    let end = (Int(bytes.u8(1)) &+ 1) &* 8
    guard end <= bytes.byteCount else { return nil }
    var offset = 2
    var padding = 0
    while offset < end {
        let kind = bytes.u8(offset)
        guard kind != 0 else {
            offset &+= 1
            padding &+= 1
            guard padding <= 7 else { return nil }
            continue
        }
        guard offset &+ 2 <= end else { return nil }
        let count = Int(bytes.u8(offset &+ 1)) &+ 2
        guard offset &+ count <= end else { return nil }
        if kind == 1 {
            padding &+= count
            guard padding <= 7, isZero(bytes, offset &+ 2, count &- 2) else { return nil }
        } else {
            padding = 0
            // Router alert is the one that is known here.
            if kind != 5 || count != 4 {
                switch kind >> 6 {
                case 0 where kind != 5: break
                case 3 where kind == 0xc2:
                    guard count == 6, offset & 3 == 2 else { return nil }
                    return (bytes.u16(offset &+ 2) == 0 ? offset &+ 2 : offset, false)
                case 2, 3: return (offset, true)
                default: return nil
                }
            }
        }
        offset &+= count
    }
    return (0, false)
}

private func isZero(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> Bool {
    var position = offset
    while position < offset &+ count {
        guard bytes.u8(position) == 0 else { return false }
        position &+= 1
    }
    return true
}

extension HostPacket {
    fileprivate mutating func note(_ fragment: IPv6Fragment) {
        fragmentHeader = network &+ fragment.headerOffset
        identification = fragment.identification
        if !fragment.isAtomic { self.fragment = fragment.isFirst ? .first : .later }
    }
}

extension IPv4Address {
    /// No packet is taken from it: no address, loopback, multicast, broadcast.
    fileprivate var isRefusedSource: Bool {
        let first = rawValue >> 24
        return rawValue == 0 || first == 127 || (first >= 224 && first < 240) || rawValue == .max
    }
}

extension IPv6Address {
    fileprivate var isLoopback: Bool { high == 0 && low == 1 }
    var isUnspecified: Bool { high == 0 && low == 0 }
}
