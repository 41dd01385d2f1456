// Translation at the owner: the destination of a request becomes the task's address and port, the
// source of a reply becomes what the client had sent to. The client's own address is never touched.
//
// Invariant: every checksum that covers a changed field changes by exactly that difference (RFC
// 1624), inside the packet that an ICMP error quotes as well (RFC 5508, section 4.2).

import Wire

/// Which end of a packet is rewritten.
enum End {
    case source, destination

    var other: End { self == .source ? .destination : .source }
}

/// A packet quoted by an ICMP error, with offsets from the start of the frame.
struct Quote {
    var network: Int
    var transport: Int
    var isIPv4: Bool
    var proto: IPProtocol
    var source: IPv6Address
    var destination: IPv6Address
    var sourcePort: Port
    var destinationPort: Port
    /// Of the quoted transport header and payload as its sender made them.
    var transportByteCount: Int
}

/// Reads the packet that an ICMP error quotes; nil when too little is quoted to know its flow.
func quote(in frame: RawSpan, _ packet: Packet) -> Quote? {
    let start = packet.transport &+ ICMPFields.byteCount
    let bytes = frame.extracting(0..<min(packet.end, frame.byteCount)).from(start)
    var quote = Quote(
        network: start, transport: 0, isIPv4: packet.isIPv4, proto: .tcp,
        source: packet.source, destination: packet.destination, sourcePort: Port(0),
        destinationPort: Port(0), transportByteCount: 0)
    if packet.isIPv4 {
        guard let header = IPv4Header(bytes), header.isFirstFragment else { return nil }
        quote.proto = header.proto
        quote.source = IPv6Address(mapped: header.source)
        quote.destination = IPv6Address(mapped: header.destination)
        quote.transport = start &+ header.headerByteCount
        quote.transportByteCount = header.totalByteCount &- header.headerByteCount
    } else {
        guard let header = IPv6Header(bytes), case .upperLayer(let layer) = header.walk,
            layer.isFirstFragment
        else { return nil }
        quote.proto = layer.proto
        quote.source = header.source
        quote.destination = header.destination
        quote.transport = start &+ layer.offset
        quote.transportByteCount = header.totalByteCount &- layer.offset
    }
    // Read from the packet's bytes, not from what padding may follow it in the frame.
    guard quote.proto.hasPorts,
        let ports = TransportPorts(bytes.from(quote.transport &- start))
    else { return nil }
    quote.sourcePort = ports.source
    quote.destinationPort = ports.destination
    return quote
}

/// Rewrites one end of a packet and takes one off its hop limit; the other end's address becomes
/// `other`, if that is given. A later fragment has no ports. False, with nothing changed, where a
/// checksum could not follow: a fragment of SCTP.
func translate(
    _ bytes: inout MutableRawSpan, _ packet: Packet, _ end: End, to address: IPv6Address,
    _ port: Port, other: IPv6Address? = nil
) -> Bool {
    guard mayReport(packet, end, as: port) else { return false }
    var delta = ChecksumDelta()
    route(&bytes, packet, end, to: address, other, noting: &delta)
    guard packet.message == .transport else { return true }
    report(
        &bytes, at: packet.transport, proto: packet.proto, byteCount: packet.transportByteCount,
        end, to: port, applying: delta)
    return true
}

/// Whether a port of a packet may change: SCTP's checksum covers all of it, and a fragment is not all.
func mayReport(_ packet: Packet, _ end: End, as port: Port) -> Bool {
    packet.message != .transport || packet.proto != .sctp || packet.fragment == .none
        || port == (end == .source ? packet.sourcePort : packet.destinationPort)
}

/// Rewrites one end of an ICMP error and the other end of the packet it quotes, which travelled
/// the opposite way, and takes one off the hop limit; the address of the ends that are left becomes
/// `other`, if that is given.
func translate(
    _ bytes: inout MutableRawSpan, _ packet: Packet, quoting quote: Quote, _ end: End,
    to address: IPv6Address, _ port: Port, other: IPv6Address? = nil
) {
    let inner = end.other
    let region = quote.network..<min(packet.end, bytes.byteCount)
    let before = Checksum.sum(bytes.bytes.extracting(region))
    do {
        // Not what pads the frame: a quote may end before its transport checksum.
        var bytes = bytes._mutatingExtracting(0..<region.upperBound)
        var quoted = ChecksumDelta()
        readdress(
            &bytes, at: quote.network, isIPv4: quote.isIPv4, inner, to: address,
            noting: &quoted)
        if let other {
            readdress(
                &bytes, at: quote.network, isIPv4: quote.isIPv4, end, to: other,
                noting: &quoted)
        }
        report(
            &bytes, at: quote.transport, proto: quote.proto,
            byteCount: quote.transportByteCount, inner, to: port, applying: quoted)
    }
    let after = Checksum.sum(bytes.bytes.extracting(region))
    var delta = ChecksumDelta()
    route(&bytes, packet, end, to: address, other, noting: &delta)
    // ICMP's checksum covers no address, ICMPv6's covers both.
    if packet.isIPv4 { delta = ChecksumDelta() }
    delta.replaceSum(before, with: after)
    if packet.isIPv4, var header = MutableICMPHeader(&bytes, at: packet.transport) {
        header.apply(delta)
    } else if var header = MutableICMPv6Header(&bytes, at: packet.transport) {
        header.apply(delta)
    }
}

/// Rewrites one end of a packet, or both, and takes one off its hop limit.
@inline(__always)
private func route(
    _ bytes: inout MutableRawSpan, _ packet: Packet, _ end: End, to address: IPv6Address,
    _ other: IPv6Address?, noting delta: inout ChecksumDelta
) {
    if packet.isIPv4 {
        guard var header = MutableIPv4Header(&bytes, at: packet.network) else { return }
        header.readdress(end, to: address, noting: &delta)
        if let other { header.readdress(end.other, to: other, noting: &delta) }
        header.decrementTTL()
    } else {
        guard var header = MutableIPv6Header(&bytes, at: packet.network) else { return }
        header.readdress(end, to: address, noting: &delta)
        if let other { header.readdress(end.other, to: other, noting: &delta) }
        header.decrementHopLimit()
    }
}

/// Rewrites one end's address in the IP header at `offset`.
@inline(__always)
func readdress(
    _ bytes: inout MutableRawSpan, at offset: Int, isIPv4: Bool, _ end: End,
    to address: IPv6Address, noting delta: inout ChecksumDelta
) {
    if isIPv4, var header = MutableIPv4Header(&bytes, at: offset) {
        header.readdress(end, to: address, noting: &delta)
    } else if var header = MutableIPv6Header(&bytes, at: offset) {
        header.readdress(end, to: address, noting: &delta)
    }
}

extension MutableIPv4Header {
    @inline(__always)
    fileprivate mutating func readdress(
        _ end: End, to address: IPv6Address, noting delta: inout ChecksumDelta
    ) {
        switch end {
        case .source: setSource(address.mappedIPv4, noting: &delta)
        case .destination: setDestination(address.mappedIPv4, noting: &delta)
        }
    }
}

extension MutableIPv6Header {
    @inline(__always)
    fileprivate mutating func readdress(
        _ end: End, to address: IPv6Address, noting delta: inout ChecksumDelta
    ) {
        switch end {
        case .source: setSource(address, noting: &delta)
        case .destination: setDestination(address, noting: &delta)
        }
    }
}

/// Rewrites one end's port in the transport header at `offset`, whose checksum also takes the address
/// changes in `delta`. `byteCount` is that of transport header and payload, where it is known.
@inline(__always)
func report(
    _ bytes: inout MutableRawSpan, at offset: Int, proto: IPProtocol, byteCount: Int?, _ end: End,
    to port: Port, applying delta: ChecksumDelta
) {
    guard
        var ports = MutableTransportPorts(
            &bytes, at: offset, proto: proto, packetByteCount: byteCount)
    else { return }
    switch end {
    case .source: ports.setSource(port, applying: delta)
    case .destination: ports.setDestination(port, applying: delta)
    }
}
