// Reading a generated frame back with Wire: where it is from, where it goes, and what is wrong with it.
// It knows nothing of how the frame was made, so it can hold the generator to its word.

import Wire

/// The ends of a packet with ports.
struct Ends: Hashable {
    var proto: UInt8
    var source: IPAddress
    var sourcePort: UInt16
    var destination: IPAddress
    var destinationPort: UInt16

    var reversed: Ends {
        Ends(
            proto: proto, source: destination, sourcePort: destinationPort, destination: source,
            destinationPort: sourcePort)
    }
}

/// What a reader finds in a frame.
struct Reading {
    var isIPv6 = false
    var packetByteCount = 0
    var source = IPAddress.v4(IPv4Address(0, 0, 0, 0))
    var destination = IPAddress.v4(IPv4Address(0, 0, 0, 0))
    var proto = IPProtocol.tcp
    var isFragment = false
    var isFirst = true
    /// IP payload, without extension headers.
    var transport: [UInt8] = []
    /// The first thing that is wrong.
    var fault: String?

    var ends: Ends? {
        guard proto.hasPorts, isFirst, let ports = TransportPorts(transport.span.raw) else {
            return nil
        }
        return Ends(
            proto: proto.rawValue, source: source, sourcePort: ports.source.rawValue,
            destination: destination, destinationPort: ports.destination.rawValue)
    }
}

/// Reads a whole Ethernet frame.
func read(_ frame: [UInt8]) -> Reading {
    let raw = frame.span.raw
    guard let link = LinkHeader(raw) else { return Reading(fault: "link") }
    return readPacket(Array(frame[link.byteCount...]), type: link.etherType)
}

/// Reads an IP packet; with `isQuote`, one of which only the beginning is there.
func readPacket(_ packet: [UInt8], type: EtherType, isQuote: Bool = false) -> Reading {
    type == .ipv6 ? readIPv6(packet, isQuote) : readIPv4(packet, isQuote)
}

private func readIPv4(_ packet: [UInt8], _ isQuote: Bool) -> Reading {
    guard let ip = IPv4Header(packet.span.raw) else { return Reading(fault: "IPv4") }
    var reading = Reading(isIPv6: false, packetByteCount: ip.totalByteCount)
    reading.source = .v4(ip.source)
    reading.destination = .v4(ip.destination)
    reading.proto = ip.proto
    reading.isFragment = ip.isFragment
    reading.isFirst = ip.isFirstFragment
    reading.transport = Array(packet[ip.headerByteCount...])
    if !ip.isChecksumValid { reading.fault = "IPv4 checksum" }
    if !isQuote, ip.totalByteCount != packet.count { reading.fault = "IPv4 length" }
    if !isQuote { check(&reading, ip.addresses) }
    return reading
}

private func readIPv6(_ packet: [UInt8], _ isQuote: Bool) -> Reading {
    guard let ip = IPv6Header(packet.span.raw) else { return Reading(fault: "IPv6") }
    guard case .upperLayer(let layer) = ip.walk else { return Reading(fault: "extension") }
    var reading = Reading(isIPv6: true, packetByteCount: ip.totalByteCount)
    reading.source = .v6(ip.source)
    reading.destination = .v6(ip.destination)
    reading.proto = layer.proto
    reading.isFragment = layer.fragment != nil
    reading.isFirst = layer.isFirstFragment
    reading.transport = Array(packet[layer.offset...])
    if !isQuote, ip.totalByteCount != packet.count { reading.fault = "IPv6 length" }
    if !isQuote { check(&reading, ip.addresses) }
    return reading
}

/// Checks the transport of a packet that is there as a whole.
private func check(_ reading: inout Reading, _ addresses: AddressPair) {
    guard !reading.isFragment, reading.fault == nil else { return }
    let transport = reading.transport
    let bytes = transport.span.raw
    let isRight: Bool
    switch reading.proto {
    case .tcp: isRight = TCPHeader(bytes)?.isChecksumValid(between: addresses) ?? false
    case .udp:
        let header = UDPHeader(bytes)
        isRight =
            header?.isChecksumValid(between: addresses) ?? false && header?.hasChecksum ?? false
            && header?.totalByteCount == bytes.byteCount
    case .sctp:
        isRight = SCTPHeader(bytes)?.isChecksumValid ?? false && chunksFit(transport)
    case .icmp: isRight = ICMPHeader(bytes)?.isChecksumValid ?? false
    case .icmpv6: isRight = ICMPv6Header(bytes)?.isChecksumValid(between: addresses) ?? false
    default: isRight = false
    }
    if !isRight { reading.fault = reading.proto.description }
}

/// Whether the chunks of an SCTP packet fill it exactly.
private func chunksFit(_ packet: [UInt8]) -> Bool {
    var offset = 12
    while offset < packet.count {
        guard packet.count - offset >= 4 else { return false }
        let byteCount = Int(packet[offset + 2]) << 8 | Int(packet[offset + 3])
        guard byteCount >= 4 else { return false }
        offset += (byteCount + 3) & ~3
    }
    return offset == packet.count
}
