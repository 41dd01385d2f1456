// Frames that one node drops before it looks at the overlay, one reason after another. The mesh is
// `ClusterSpecification.standard`; `Peer` and `Sender` name who sends.

import Dataplane
import Testing
import Wire

enum Sender {
    static let v4: IPAddress = "203.0.113.7"
    static let v6: IPAddress = "2001:db8:3::7"
    static let node4: IPAddress = "192.0.2.11"
    static let node6: IPAddress = "2001:db8:0:1::b"

    /// A packet of a client to the web service's published port of its protocol.
    static func web(_ transport: Draft.Transport = .tcp(.syn), isIPv6: Bool = false) -> Draft {
        let port: UInt16 =
            switch transport {
            case .udp: 5353
            case .sctp: 3868
            default: 8080
            }
        return Draft(
            transport, from: isIPv6 ? v6 : v4, 40_000, to: isIPv6 ? node6 : node4, port)
    }
}

extension DropFixture {
    static let link: [DropFixture] = [
        DropFixture(.truncatedEthernet, "13 bytes", Array(Sender.web().frame.prefix(13))),
        DropFixture(
            .truncatedEthernet, "a tag cut short",
            Array(Sender.web().with(\.tags, [VLANTag(vid: 5)]).frame.prefix(16))),
        DropFixture(
            .tooManyTags, "three tags",
            Sender.web().with(\.tags, [5, 6, 7].map { VLANTag(vid: $0) }).frame),
        DropFixture(
            .unsupportedEtherType, "LLDP",
            Sender.web().link(EtherType(rawValue: 0x88cc), [2, 7, 4, 0, 1, 2, 3, 4])),
    ]

    static let network: [DropFixture] = [
        DropFixture(
            .malformedIPv4, "a header length of 16", Sender.web().frame.replacing(at: 14, 0x44)),
        DropFixture(.malformedIPv4, "19 bytes of header", Array(Sender.web().frame.prefix(33))),
        DropFixture(
            .malformedIPv6, "version 5", Sender.web(isIPv6: true).frame.replacing(at: 14, 0x50)),
        DropFixture(
            .malformedIPv6, "39 bytes of header",
            Array(Sender.web(isIPv6: true).frame.prefix(53))),
        DropFixture(
            .badHeaderChecksum, "one bit of the TTL", Sender.web().frame.replacing(at: 22, 65)),
        DropFixture(
            .truncatedPacket, "IPv4 that is longer than the frame on the wire",
            Array(Sender.web().frame.dropLast())),
        DropFixture(
            .truncatedPacket, "IPv6 that is longer than the frame on the wire",
            Array(Sender.web(isIPv6: true).frame.dropLast())),
        DropFixture(
            .malformedExtension, "hop-by-hop options that run past the packet",
            Sender.web(isIPv6: true).with(\.transport, .raw(.hopByHop))
                .with(\.payload, [6, 4, 1, 4, 0, 0, 0, 0]).frame),
        DropFixture(
            .malformedExtension, "nine extension headers",
            Sender.web(isIPv6: true).with(\.transport, .raw(.destinationOptions))
                .with(\.payload, (0..<9).flatMap { _ in [60, 0, 1, 4, 0, 0, 0, 0] as [UInt8] })
                .frame),
        DropFixture(
            .martianSource, "from loopback", Sender.web().with(\.source, "127.0.0.1").frame),
        DropFixture(
            .martianSource, "from multicast",
            Sender.web(isIPv6: true).with(\.source, "ff02::1").frame),
        DropFixture(
            .martianSource, "from the address it is sent to",
            Sender.web().with(\.source, Sender.node4).frame),
        DropFixture(
            .martianSource, "from a link-local address",
            Sender.web(isIPv6: true).with(\.source, "fe80::7").frame),
        DropFixture(
            .refusedOptions, "a loose source route with an address left (RFC 791)",
            Sender.web().options([131, 7, 4, 192, 0, 2, 12, 0])),
        DropFixture(
            .refusedOptions, "a strict source route behind a no-operation",
            Sender.web().options([1, 137, 7, 4, 192, 0, 2, 12])),
        DropFixture(
            .refusedOptions, "a routing header with a segment left (RFC 8200, section 4.4)",
            Sender.web(isIPv6: true).routed(segmentsLeft: 1)),
        DropFixture(.ttlExpired, "TTL 1", Sender.web().with(\.ttl, 1).frame),
        DropFixture(.ttlExpired, "TTL 0", Sender.web().with(\.ttl, 0).frame),
        DropFixture(
            .ttlExpired, "hop limit 1", Sender.web(isIPv6: true).with(\.ttl, 1).frame),
        DropFixture(
            .badFragment, "IPv4 past 65,535 bytes",
            Sender.web(.udp).fragment([UInt8](repeating: 0, count: 64), at: 65_504, more: false)),
        DropFixture(
            .badFragment, "IPv6 past 65,535 bytes",
            Sender.web(.udp, isIPv6: true)
                .fragment([UInt8](repeating: 0, count: 64), at: 65_528, more: false)),
        DropFixture(
            .badFragment, "a middle that is no multiple of eight",
            Sender.web(.udp).fragment([UInt8](repeating: 0, count: 63), at: 64, more: true)),
        DropFixture(
            .badFragment, "without data", Sender.web(.udp).fragment([], at: 64, more: false)),
        DropFixture(
            .tinyFragment, "eight bytes of TCP",
            Sender.web().fragment(Array(Sender.web().segment.prefix(8)), at: 0, more: true)),
    ]

    static let transport: [DropFixture] = [
        DropFixture(
            .malformedTransport, "a TCP header length of 16",
            Sender.web().frame.replacing(at: 14 + 20 + 12, 0x40)),
        DropFixture(
            .malformedTransport, "a UDP length of 7",
            Sender.web(.udp).frame.replacing(at: 14 + 20 + 4, 0, 7)),
        DropFixture(
            .malformedTransport, "a UDP length past the packet",
            Sender.web(.udp).frame.replacing(at: 14 + 20 + 4, 0, 13)),
        DropFixture(
            .malformedTransport, "11 bytes of SCTP",
            Sender.web().with(\.transport, .raw(.sctp)).with(\.payload, [UInt8](1...11)).frame),
        DropFixture(
            .malformedTransport, "seven bytes of ICMP",
            Sender.web().with(\.transport, .raw(.icmp)).with(\.payload, [8, 0, 0, 0, 0, 0, 0])
                .frame),
        DropFixture(
            .unsupportedProtocol, "GRE", Sender.web(.raw(.gre)).frame),
        DropFixture(.unsupportedProtocol, "ICMPv6 in IPv4", Sender.web(.raw(.icmpv6)).frame),
        DropFixture(
            .unsupportedProtocol, "ICMP in IPv6", Sender.web(.raw(.icmp), isIPv6: true).frame),
        DropFixture(
            .unsupportedICMP, "a timestamp request",
            Sender.web(.raw(.icmp)).with(\.payload, [13, 0, 0, 0, 0, 0, 0, 0]).frame),
        DropFixture(
            .unsupportedICMP, "a node information query",
            Sender.web(.raw(.icmpv6), isIPv6: true).with(\.payload, [139, 0, 0, 0, 0, 0, 0, 0])
                .frame),
        DropFixture(
            .unknownQuote, "an error about an address of nobody's port",
            Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: 3,
                quoting: Sender.web().to("203.0.113.7", 40_000).from(Sender.node4, 1).packet,
                from: Sender.v4, to: Sender.node4
            ).frame),
        DropFixture(
            .unknownQuote, "an error about what another host sent",
            Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: 3,
                quoting: Sender.web().reversed.from("8.8.8.8", 8080).packet, from: Sender.v4,
                to: Sender.node4
            ).frame),
        DropFixture(
            .unknownQuote, "an error that quotes three bytes of transport header",
            Draft.error(
                .destinationUnreachable, .destinationUnreachable, code: 3,
                quoting: Array(Sender.web().reversed.packet.prefix(23)), from: Sender.v4,
                to: Sender.node4
            ).frame),
    ]

    static let whereTo: [DropFixture] = [
        DropFixture(.notForMesh, "to a stranger", Sender.web().to("198.18.0.1", 8080).frame),
        DropFixture(
            .notForMesh, "to an IPv4-mapped address",
            Sender.web(isIPv6: true).to("::ffff:192.0.2.11", 8080).frame),
        DropFixture(.portNotPublished, "port 81", Sender.web().to(Sender.node4, 81).frame),
        DropFixture(
            .portNotPublished, "the right port of the wrong protocol",
            Sender.web(.udp).to(Sender.node4, 8080).frame),
        DropFixture(.noTask, "no replica", Sender.web().to(Sender.node4, 7070).frame),
    ]
}
