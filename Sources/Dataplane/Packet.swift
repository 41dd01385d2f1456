// What the pipeline knows of a frame after one look at it: offsets, addresses, ports, and what the
// packet does to its flow. A trivial value, so a batch of them is parsed ahead of any decision.
//
// Invariant: every offset lies within the frame's bytes, and a packet that got this far has headers
// that agree with one another and with the length of the frame on the wire.

import Wire

struct Packet {
    enum Fragment {
        case none, first, later
    }

    enum Message {
        /// TCP, UDP or SCTP, with ports.
        case transport
        case echoRequest
        case echoReply
        /// An ICMP error, which quotes a packet.
        case error
        /// The middle of a datagram whose protocol is all that is known.
        case fragment
    }

    /// Of the IP header, from the start of the frame.
    var network = 0
    /// Of the transport header or, in a later fragment, of the data.
    var transport = 0
    /// Of the first byte after the IP packet by its own word; may lie beyond a cut frame.
    var end = 0
    var isIPv4 = true
    var proto = IPProtocol.tcp
    var hopLimit: UInt8 = 0
    var trafficClass: UInt8 = 0
    var dontFragment = false
    var fragment = Fragment.none
    var identification: UInt32 = 0
    var source = IPv6Address(high: 0, low: 0)
    var destination = IPv6Address(high: 0, low: 0)
    var sourcePort = Port(0)
    var destinationPort = Port(0)
    var message = Message.transport
    var event = FlowEvent.datagram

    /// Length of the IP packet.
    var byteCount: Int { end &- network }

    /// Of transport header and payload, where one frame has it all.
    var transportByteCount: Int? { fragment == .none ? end &- transport : nil }

    /// What all fragments of the datagram share. In IPv6 the protocol is not part of it (RFC 8200,
    /// section 4.5): behind the fragment header of the first fragment more extensions may follow.
    var datagram: DatagramKey {
        DatagramKey(
            source: source, destination: destination, identification: identification,
            proto: isIPv4 ? proto : .ipv6)
    }
}

/// What a look at a frame ends in.
enum ParseOutcome {
    case packet
    /// ARP and neighbour discovery.
    case neighbour
    case drop(Drop)
}

/// Reads a frame's headers into `packet`.
func parse(_ frame: RawSpan, wireByteCount: Int, into packet: inout Packet) -> ParseOutcome {
    // Most frames carry IPv4 without a tag, and need no walk to it.
    let untagged = EthernetFields.byteCount
    if frame.byteCount > untagged, frame.u16(untagged &- 2) == EtherType.ipv4.rawValue {
        packet.network = untagged
        return parseIPv4(
            frame.from(untagged), wireByteCount: wireByteCount &- untagged, into: &packet)
    }
    guard let link = LinkHeader(frame) else { return .drop(.truncatedEthernet) }
    packet.network = link.byteCount
    let wire = wireByteCount &- link.byteCount
    switch link.etherType {
    case .ipv4: return parseIPv4(link.payload, wireByteCount: wire, into: &packet)
    case .ipv6: return parseIPv6(link.payload, wireByteCount: wire, into: &packet)
    case .arp: return .neighbour
    default: return .drop(link.etherType.isTag ? .tooManyTags : .unsupportedEtherType)
    }
}

@inline(__always)
private func parseIPv4(
    _ bytes: RawSpan, wireByteCount: Int, into packet: inout Packet
) -> ParseOutcome {
    guard let header = IPv4Header(bytes) else { return .drop(.malformedIPv4) }
    guard header.isChecksumValid else { return .drop(.badHeaderChecksum) }
    guard header.totalByteCount <= wireByteCount else { return .drop(.truncatedPacket) }
    guard !header.source.isMartian, header.source != header.destination else {
        return .drop(.martianSource)
    }
    packet.isIPv4 = true
    packet.end = packet.network &+ header.totalByteCount
    packet.transport = packet.network &+ header.headerByteCount
    packet.proto = header.proto
    packet.hopLimit = header.ttl
    packet.trafficClass = header.trafficClass
    packet.dontFragment = header.dontFragment
    packet.source = IPv6Address(mapped: header.source)
    packet.destination = IPv6Address(mapped: header.destination)
    packet.fragment = .none
    guard header.headerByteCount == 20 || !header.isSourceRouted else {
        return .drop(.refusedOptions)
    }
    if header.isFragment {
        packet.identification = UInt32(header.identification)
        packet.fragment = header.isFirstFragment ? .first : .later
        let dataByteCount = header.totalByteCount &- header.headerByteCount
        guard header.fragmentOffset &+ dataByteCount <= 65_515,
            dataByteCount > 0, !header.moreFragments || dataByteCount % 8 == 0
        else { return .drop(.badFragment) }
    }
    return parseTransport(header.payload, into: &packet)
}

private func parseIPv6(
    _ bytes: RawSpan, wireByteCount: Int, into packet: inout Packet
) -> ParseOutcome {
    guard let header = IPv6Header(bytes) else { return .drop(.malformedIPv6) }
    guard header.totalByteCount <= wireByteCount else { return .drop(.truncatedPacket) }
    guard !header.source.isMartian, header.source != header.destination else {
        return .drop(.martianSource)
    }
    guard !header.destination.isIPv4Mapped else { return .drop(.notForMesh) }
    guard case .upperLayer(let layer) = header.walk else { return .drop(.malformedExtension) }
    guard !layer.isSourceRouted else { return .drop(.refusedOptions) }
    packet.isIPv4 = false
    packet.end = packet.network &+ header.totalByteCount
    packet.transport = packet.network &+ layer.offset
    packet.proto = layer.proto
    packet.hopLimit = header.hopLimit
    packet.trafficClass = header.trafficClass
    packet.dontFragment = true
    packet.source = header.source
    packet.destination = header.destination
    packet.fragment = .none
    if let fragment = layer.fragment, !fragment.isAtomic {
        packet.identification = fragment.identification
        packet.fragment = fragment.isFirst ? .first : .later
        let dataByteCount = header.totalByteCount &- fragment.headerOffset &- 8
        guard fragment.offset &+ dataByteCount <= 65_535,
            dataByteCount > 0, !fragment.more || dataByteCount % 8 == 0
        else { return .drop(.badFragment) }
    }
    return parseTransport(header.packet.from(layer.offset), into: &packet)
}

/// Reads the transport header at the start of `bytes`: all of the packet that was captured of it.
@inline(__always)
private func parseTransport(_ bytes: RawSpan, into packet: inout Packet) -> ParseOutcome {
    if packet.fragment == .later {
        packet.message = .fragment
        return .packet
    }
    let isCut = bytes.byteCount < packet.end &- packet.transport
    packet.message = .transport
    switch packet.proto {
    case .tcp:
        guard bytes.byteCount >= 14, isCut || TCPHeader(bytes) != nil else {
            return .drop(packet.fragment == .first ? .tinyFragment : .malformedTransport)
        }
        packet.event = FlowEvent(TCPFlags(rawValue: bytes.u8(13)))
    case .udp:
        guard let header = UDPHeader(bytes) else {
            return .drop(packet.fragment == .first ? .tinyFragment : .malformedTransport)
        }
        if packet.fragment == .none, header.totalByteCount > packet.end &- packet.transport {
            return .drop(.malformedTransport)
        }
        packet.event = .datagram
    case .sctp:
        guard let header = SCTPHeader(bytes) else {
            return .drop(packet.fragment == .first ? .tinyFragment : .malformedTransport)
        }
        packet.event = header.firstChunkType.map { FlowEvent($0) } ?? .data
    case .icmp: return parseICMP(bytes, isOurs: packet.isIPv4, into: &packet)
    case .icmpv6: return parseICMPv6(bytes, isOurs: !packet.isIPv4, into: &packet)
    default: return .drop(.unsupportedProtocol)
    }
    packet.sourcePort = Port(bytes.u16(0))
    packet.destinationPort = Port(bytes.u16(2))
    return .packet
}

private func parseICMP(
    _ bytes: RawSpan, isOurs: Bool, into packet: inout Packet
) -> ParseOutcome {
    guard isOurs else { return .drop(.unsupportedProtocol) }
    guard let header = ICMPHeader(bytes) else { return .drop(.malformedTransport) }
    if header.type == .echoRequest {
        packet.message = .echoRequest
    } else if header.type == .echoReply {
        packet.message = .echoReply
    } else if header.type.isError {
        packet.message = .error
    } else {
        return .drop(.unsupportedICMP)
    }
    return .packet
}

private func parseICMPv6(
    _ bytes: RawSpan, isOurs: Bool, into packet: inout Packet
) -> ParseOutcome {
    guard isOurs else { return .drop(.unsupportedProtocol) }
    guard let header = ICMPv6Header(bytes) else { return .drop(.malformedTransport) }
    if header.type == .echoRequest {
        packet.message = .echoRequest
    } else if header.type == .echoReply {
        packet.message = .echoReply
    } else if header.type.isError {
        packet.message = .error
    } else if header.type.isLinkLocal {
        return .neighbour
    } else {
        return .drop(.unsupportedICMP)
    }
    return .packet
}

extension ICMPv6Type {
    /// Neighbour discovery (RFC 4861, section 4) and multicast listener discovery (RFC 3810,
    /// section 5), which never leave the link.
    var isLinkLocal: Bool {
        (133...137).contains(rawValue) || (130...132).contains(rawValue) || rawValue == 143
    }
}

extension IPv4Address {
    /// No host sends from it: this network, loopback, multicast, reserved, broadcast (RFC 1812,
    /// section 5.3.7).
    var isMartian: Bool {
        // The first number from 1 to 223, and not 127.
        rawValue &- 0x0100_0000 >= 0xdf00_0000 || rawValue >> 24 == 127
    }
}

extension IPv6Address {
    /// No host sends from it: unspecified, loopback, IPv4-mapped, multicast (RFC 4291).
    var isMartian: Bool {
        (high == 0 && (low <= 1 || low >> 32 == 0xffff)) || high >> 56 == 0xff
    }
}
