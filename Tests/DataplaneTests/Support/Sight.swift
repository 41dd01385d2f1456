// What a frame says, read with Wire's views and nothing of the data plane: for tests to hold against
// what they expect.

import Testing
import Wire

struct Sight: Equatable {
    var sourceMAC: MACAddress
    var targetMAC: MACAddress
    var tagCount: Int
    var source: IPAddress
    var target: IPAddress
    var proto: IPProtocol
    var ttl: UInt8
    var trafficClass: UInt8
    var dontFragment = true
    var sourcePort: UInt16 = 0
    var targetPort: UInt16 = 0
    /// The network header's and the transport header's; a fragment's transport is not looked at.
    var areChecksumsValid: Bool
    /// Of the IP header, from the start of the frame.
    var networkOffset: Int
    /// Of the transport header, from the start of the frame.
    var transportOffset: Int
    /// Of the IP packet, by its own word.
    var packetByteCount: Int

    init?(_ frame: [UInt8]) {
        let bytes = frame.span.raw
        guard let link = LinkHeader(bytes) else { return nil }
        sourceMAC = link.source
        targetMAC = link.destination
        tagCount = link.tagCount
        networkOffset = link.byteCount
        let isWhole: Bool
        if let ip = IPv4Header(link.payload) {
            (source, target) = (.v4(ip.source), .v4(ip.destination))
            (proto, ttl, trafficClass) = (ip.proto, ip.ttl, ip.trafficClass)
            dontFragment = ip.dontFragment
            areChecksumsValid = ip.isChecksumValid
            transportOffset = networkOffset + ip.headerByteCount
            packetByteCount = ip.totalByteCount
            isWhole = !ip.isFragment
        } else if let ip = IPv6Header(link.payload), case .upperLayer(let layer) = ip.walk {
            (source, target) = (.v6(ip.source), .v6(ip.destination))
            (proto, ttl, trafficClass) = (layer.proto, ip.hopLimit, ip.trafficClass)
            areChecksumsValid = true
            transportOffset = networkOffset + layer.offset
            packetByteCount = ip.totalByteCount
            isWhole = layer.fragment == nil
        } else {
            return nil
        }
        let end = min(networkOffset + packetByteCount, frame.count)
        if proto.hasPorts, let ports = TransportPorts(bytes.from(transportOffset)) {
            (sourcePort, targetPort) = (ports.source.rawValue, ports.destination.rawValue)
        }
        if isWhole {
            let segment = bytes.extracting(transportOffset..<end)
            areChecksumsValid =
                areChecksumsValid
                && Self.isValid(segment, proto, between: .between(source, target))
        }
    }

    static func isValid(
        _ segment: RawSpan, _ proto: IPProtocol, between addresses: AddressPair
    ) -> Bool {
        switch proto {
        case .tcp: TCPHeader(segment)?.isChecksumValid(between: addresses) ?? false
        case .udp: UDPHeader(segment)?.isChecksumValid(between: addresses) ?? false
        case .sctp: SCTPHeader(segment)?.isChecksumValid ?? false
        case .icmp: ICMPHeader(segment)?.isChecksumValid ?? false
        case .icmpv6: ICMPv6Header(segment)?.isChecksumValid(between: addresses) ?? false
        default: false
        }
    }
}

/// What a frame says; the test fails if it says nothing.
func sight(
    _ frame: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
) throws -> Sight {
    try #require(Sight(frame), sourceLocation: sourceLocation)
}

extension [UInt8] {
    /// The frame inside VXLAN over an underlay of the family.
    func unwrapped(isUnderlayIPv6: Bool = false) -> [UInt8] {
        Array(dropFirst(isUnderlayIPv6 ? 70 : 50))
    }

    /// Without Ethernet header and tags.
    var withoutLink: [UInt8] {
        guard let link = LinkHeader(span.raw) else { return self }
        return Array(dropFirst(link.byteCount))
    }
}
