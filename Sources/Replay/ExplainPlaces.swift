// Where in a frame the reason for a drop stands: the byte to look at, and the name of its field.
//
// Invariant: the offset counts from the start of the frame as it reached the node, outer headers
// included, so it is the one Wireshark shows.

import Dataplane
import Wire

/// A field of a frame.
public struct FramePlace: Equatable, Sendable {
    public var offset: Int
    public var field: String
}

extension FramePlace {
    /// The place that made a node drop `frame`; nil where no byte of the frame did.
    static func of(_ drop: Drop, in frame: RawSpan, _ program: Program) -> FramePlace? {
        let outer = PacketSight(frame)
        guard outer.isOverlay(to: program) else { return place(drop, frame, outer, base: 0) }
        let header = outer.transport + UDPFields.byteCount
        let inner = header + VXLANFields.byteCount
        switch drop {
        case .malformedVXLAN: return FramePlace(offset: header, field: "VXLAN header")
        case .unknownNetwork: return FramePlace(offset: header + 4, field: "VNI")
        case .unknownPeer: return place(.spoofedSource, frame, outer, base: 0)
        case .unknownMAC: return FramePlace(offset: inner, field: "destination MAC address")
        default:
            let bytes = frame.from(inner)
            return place(drop, bytes, PacketSight(bytes), base: inner)
        }
    }

    /// A place in a frame that starts at `base` of the frame asked about.
    private static func place(
        _ drop: Drop, _ frame: RawSpan, _ sight: PacketSight, base: Int
    ) -> FramePlace? {
        guard let link = LinkHeader(frame) else {
            let isTag = frame.byteCount >= EthernetFields.byteCount
            return FramePlace(
                offset: base + (isTag ? EthernetFields.byteCount : 0),
                field: isTag ? "VLAN tag" : "Ethernet header")
        }
        let isIPv4 = link.etherType != .ipv6
        let network = base + link.byteCount
        let transport = base + sight.transport
        let (offset, field): (Int, String)
        switch drop {
        case .tooManyTags, .unsupportedEtherType: (offset, field) = (network - 2, "EtherType")
        case .malformedIPv4: (offset, field) = (network, "IPv4 header")
        case .malformedIPv6: (offset, field) = (network, "IPv6 header")
        case .badHeaderChecksum: (offset, field) = (network + 10, "header checksum")
        case .truncatedPacket, .packetTooBig:
            (offset, field) = (network + (isIPv4 ? 2 : 4), "length")
        case .malformedExtension:
            let line = HeaderDissector.lines(of: frame).first { $0.isMalformed }
            (offset, field) = (base + (line?.offset ?? link.byteCount), "extension header")
        case .martianSource, .spoofedSource:
            (offset, field) = (network + (isIPv4 ? 12 : 8), "source address")
        case .ttlExpired:
            (offset, field) = (network + (isIPv4 ? 8 : 7), isIPv4 ? "TTL" : "hop limit")
        case .congestionMarkLost:
            (offset, field) = (network + (isIPv4 ? 1 : 0), "traffic class")
        case .badFragment, .fragmentHoldFull, .fragmentTimeout:
            (offset, field) = (fragmentOffset(frame, link, base), "fragment offset and flag")
        case .unsupportedProtocol:
            (offset, field) = (network + (isIPv4 ? 9 : 6), isIPv4 ? "protocol" : "next header")
        case .tinyFragment, .malformedTransport: (offset, field) = (transport, "transport header")
        case .unsupportedICMP: (offset, field) = (transport, "ICMP type")
        case .unknownQuote: (offset, field) = (transport + 8, "quoted packet")
        case .refusedOptions: (offset, field) = (network + 20, "IPv4 options")
        case .notForMesh, .noFlow, .notForTask, .unroutable:
            (offset, field) = (network + (isIPv4 ? 16 : 24), "destination address")
        case .portNotPublished, .noTask, .noServer, .serverDeleted:
            (offset, field) = (transport + 2, "destination port")
        case .flowConflict, .flowTableFull, .overloaded, .connectionTableFull:
            (offset, field) = (transport, "ports")
        case .truncatedEthernet, .malformedVXLAN, .unknownPeer, .unknownNetwork, .unknownMAC:
            return nil
        }
        return FramePlace(offset: offset, field: field)
    }

    /// Of the field in the IPv4 header or in the IPv6 fragment header.
    private static func fragmentOffset(_ frame: RawSpan, _ link: borrowing LinkHeader, _ base: Int)
        -> Int
    {
        let lines = HeaderDissector.lines(of: frame)
        let header = lines.first { $0.depth == 0 && $0.name == "Fragment" }
        return base + (header.map { $0.offset + 2 } ?? link.byteCount + 6)
    }
}
