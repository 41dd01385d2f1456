// The frames that TsharkTests builds, each with the fields it must be seen to have.
// Names of fields are tshark's; their values are computed from what was asked for.

import Wire

extension TsharkTests {
    static let v4Addresses = [("ip.src", "198.51.100.7"), ("ip.dst", "203.0.113.9")]
    static let v6Addresses = [("ipv6.src", "2001:db8::7"), ("ipv6.dst", "2001:db8:ff::9")]

    static var frames: [Frame] {
        linkFrames + transportFrames + icmpFrames + fragmentFrames + tunnelFrames
    }

    private static var linkFrames: [Frame] {
        let arp = ARPFields(
            operation: .reply, senderMAC: Build.source,
            senderAddress: IPv4Address(10, 0, 0, 1), targetMAC: Build.destination,
            targetAddress: IPv4Address(10, 0, 0, 2))
        let segment = Build.tcp(Build.v4)
        return [
            Frame(
                "ARP reply",
                Build.ethernet(.arp, [UInt8](ARPFields.byteCount) { arp.write(to: &$0) }),
                [
                    ("eth.src", "02:42:0a:00:00:02"), ("eth.dst", "02:42:0a:00:00:03"),
                    ("arp.opcode", "2"), ("arp.src.hw_mac", "02:42:0a:00:00:02"),
                    ("arp.src.proto_ipv4", "10.0.0.1"), ("arp.dst.hw_mac", "02:42:0a:00:00:03"),
                    ("arp.dst.proto_ipv4", "10.0.0.2"),
                ]),
            Frame(
                "802.1Q",
                Build.frame(
                    Build.v4, .tcp, tags: [VLANTag(pcp: 5, dei: true, vid: 4095)], segment),
                [
                    ("vlan.id", "4095"), ("vlan.priority", "5"), ("vlan.dei", "1"),
                    ("tcp.dstport", "8080"),
                ]),
            Frame(
                "QinQ",
                Build.frame(
                    Build.v4, .tcp, tags: [VLANTag(tpid: .qinq, vid: 200), VLANTag(vid: 100)],
                    segment),
                [("ieee8021ad.id", "200"), ("vlan.id", "100"), ("tcp.dstport", "8080")]),
        ]
    }

    private static var transportFrames: [Frame] {
        var frames: [Frame] = []
        for (name, addresses, ends) in [
            ("IPv4", Build.v4, v4Addresses), ("IPv6", Build.v6, v6Addresses),
        ] {
            let syn = Build.tcp(addresses, flags: .syn, mss: 1460)
            let data = Build.tcp(addresses, flags: [.ack, .psh], Array("weft!".utf8))
            let datagram = Build.udp(addresses, Array("odd".utf8))
            frames += [
                Frame(
                    "\(name) TCP SYN", Build.frame(addresses, .tcp, syn),
                    ends + [
                        ("tcp.srcport", "40000"), ("tcp.dstport", "8080"),
                        ("tcp.flags", "0x0002"), ("tcp.options.mss_val", "1460"),
                        ("tcp.hdr_len", "24"), ("tcp.checksum.status", "1"),
                    ]),
                Frame(
                    "\(name) TCP data", Build.frame(addresses, .tcp, data),
                    ends + [
                        ("tcp.flags", "0x0018"), ("tcp.seq", "305419896"),
                        ("tcp.ack", "2596069104"), ("tcp.len", "5"),
                        ("tcp.window_size_value", "65535"), ("tcp.checksum.status", "1"),
                    ]),
                Frame(
                    "\(name) UDP", Build.frame(addresses, .udp, datagram),
                    ends + [
                        ("udp.srcport", "40001"), ("udp.dstport", "9999"), ("udp.length", "11"),
                        ("udp.checksum.status", "1"),
                    ]),
                Frame(
                    "\(name) SCTP", Build.frame(addresses, .sctp, Build.sctp()),
                    ends + [
                        ("sctp.srcport", "40002"), ("sctp.dstport", "5001"),
                        ("sctp.verification_tag", "0xdeadbeef"), ("sctp.chunk_type", "0"),
                        ("sctp.checksum.status", "1"),
                    ]),
            ]
        }
        return frames + headerFrames
    }

    /// Every field of the two IP headers away from its default.
    private static var headerFrames: [Frame] {
        let datagram = Build.udp(Build.v4, [1, 2, 3, 4])
        let v4 = Build.ip(Build.v4, .udp, datagram) {
            $0.ttl = 3
            $0.trafficClass = 0xb9
            $0.identification = 0xbeef
            $0.dontFragment = false
        }
        var fields = IPv6Fields(
            source: IPv6Address(high: 1, low: 2), destination: IPv6Address(high: 3, low: 4),
            nextHeader: .noNextHeader, payloadByteCount: 0)
        fields.hopLimit = 5
        fields.trafficClass = 0xb9
        fields.flowLabel = 0xabcde
        return [
            Frame(
                "IPv4 fields", Build.ethernet(.ipv4, v4),
                v4Addresses + [
                    ("ip.ttl", "3"), ("ip.dsfield.dscp", "46"), ("ip.dsfield.ecn", "1"),
                    ("ip.id", "0xbeef"), ("ip.flags.df", "0"), ("ip.len", "32"),
                    ("ip.checksum.status", "1"),
                ]),
            Frame(
                "IPv6 fields",
                Build.ethernet(.ipv6, [UInt8](IPv6Fields.byteCount) { fields.write(to: &$0) }),
                [
                    ("ipv6.src", "::1:0:0:0:2"), ("ipv6.dst", "::3:0:0:0:4"), ("ipv6.hlim", "5"),
                    ("ipv6.tclass.dscp", "46"), ("ipv6.tclass.ecn", "1"),
                    ("ipv6.flow", "0x0abcde"), ("ipv6.nxt", "59"), ("ipv6.plen", "0"),
                ]),
        ]
    }

    private static var icmpFrames: [Frame] {
        let echo = ICMPFields.echo(
            .echoReply, identifier: 513, sequence: 1027, payloadByteCount: 3)
        let echo6 = ICMPv6Fields.echo(
            .echoReply, identifier: 513, sequence: 1027, payloadByteCount: 3)
        return [
            Frame(
                "ICMP echo reply", Build.frame(Build.v4, .icmp, Build.icmp(echo, [1, 2, 3])),
                [
                    ("icmp.type", "0"), ("icmp.ident", "513"), ("icmp.seq", "1027"),
                    ("icmp.checksum.status", "1"),
                ]),
            Frame(
                "ICMPv6 echo reply",
                Build.frame(Build.v6, .icmpv6, Build.icmpv6(echo6, [1, 2, 3])),
                [
                    ("icmpv6.type", "129"), ("icmpv6.echo.identifier", "0x0201"),
                    ("icmpv6.echo.sequence_number", "1027"), ("icmpv6.checksum.status", "1"),
                ]),
        ] + errorFrames
    }

    /// Errors about a long segment: as much of it is quoted as the RFCs allow.
    private static var errorFrames: [Frame] {
        let long = [UInt8](repeating: 7, count: 1400)
        let packet = Build.ip(Build.v4, .tcp, Build.tcp(Build.v4, long))
        let packet6 = Build.ip(Build.v6, .tcp, Build.tcp(Build.v6, long))
        let errors: [(ICMPFields, [(String, String)])] = [
            (
                .fragmentationNeeded(mtu: 1400, quoting: packet.count),
                [("icmp.type", "3"), ("icmp.code", "4"), ("icmp.mtu", "1400")]
            ),
            (
                .destinationUnreachable(
                    code: ICMPUnreachableCode.port, quoting: packet.count),
                [("icmp.type", "3"), ("icmp.code", "3")]
            ),
            (.timeExceeded(quoting: packet.count), [("icmp.type", "11"), ("icmp.code", "0")]),
        ]
        let errors6: [(ICMPv6Fields, [(String, String)])] = [
            (
                .packetTooBig(mtu: 1280, quoting: packet6.count),
                [("icmpv6.type", "2"), ("icmpv6.mtu", "1280")]
            ),
            (
                .destinationUnreachable(
                    code: ICMPv6UnreachableCode.port, quoting: packet6.count),
                [("icmpv6.type", "1"), ("icmpv6.code", "4")]
            ),
            (.timeExceeded(quoting: packet6.count), [("icmpv6.type", "3")]),
        ]
        // The quoted segment is cut. tshark takes what is there for the whole segment, so its
        // checksum must seem wrong (0) to it.
        let quoted = [("tcp.srcport", "40000"), ("tcp.checksum.status", "0")]
        return errors.map { fields, expected in
            let quote = Array(packet.prefix(fields.payloadByteCount))
            return Frame(
                "ICMP error", Build.frame(Build.v4, .icmp, Build.icmp(fields, quote)),
                expected + quoted + [
                    ("ip.len", "576,1440"), ("icmp.checksum.status", "1"),
                    ("ip.checksum.status", "1,1"),
                ])
        }
            + errors6.map { fields, expected in
                let quote = Array(packet6.prefix(fields.payloadByteCount))
                return Frame(
                    "ICMPv6 error", Build.frame(Build.v6, .icmpv6, Build.icmpv6(fields, quote)),
                    expected + quoted + [
                        ("ipv6.plen", "1240,1420"), ("icmpv6.checksum.status", "1"),
                    ])
            }
    }

    private static var fragmentFrames: [Frame] {
        let datagram = Build.udp(Build.v6, [UInt8](repeating: 1, count: 24))
        let first = IPv6FragmentFields(
            nextHeader: .udp, offset: 0, more: true, identification: 0xfeed_f00d)
        let later = IPv6FragmentFields(
            nextHeader: .udp, offset: 1448, more: false, identification: 0xfeed_f00d)
        let chain = Build.option(
            .hopByHop, next: .routing,
            Build.option(
                .routing, next: .destinationOptions,
                Build.option(.destinationOptions, next: .udp, datagram)))
        let v4 = Build.ip(Build.v4, .udp, [UInt8](repeating: 2, count: 32)) {
            $0.dontFragment = false
            $0.moreFragments = true
            $0.fragmentOffset = 1480
            $0.identification = 77
        }
        return [
            Frame(
                "IPv4 fragment", Build.ethernet(.ipv4, v4),
                [
                    ("ip.frag_offset", "185"), ("ip.flags.mf", "1"), ("ip.flags.df", "0"),
                    ("ip.id", "0x004d"), ("ip.checksum.status", "1"),
                ]),
            Frame(
                "IPv6 first fragment",
                Build.frame(Build.v6, .fragment, Build.fragment(first, datagram)),
                [
                    ("ipv6.fraghdr.offset", "0"), ("ipv6.fraghdr.more", "1"),
                    ("ipv6.fraghdr.ident", "0xfeedf00d"), ("ipv6.fraghdr.nxt", "17"),
                    ("udp.checksum.status", "2"),
                ]),
            Frame(
                "IPv6 later fragment",
                Build.frame(Build.v6, .fragment, Build.fragment(later, [1, 2, 3])),
                [("ipv6.fraghdr.offset", "181"), ("ipv6.fraghdr.more", "0")]),
            Frame(
                "IPv6 extension headers", Build.frame(Build.v6, .hopByHop, chain),
                [
                    ("ipv6.hopopts.nxt", "43"), ("ipv6.routing.nxt", "60"),
                    ("ipv6.dstopts.nxt", "17"), ("udp.srcport", "40001"),
                    ("udp.checksum.status", "1"),
                ]),
        ]
    }

    private static var tunnelFrames: [Frame] {
        let inner = Build.frame(Build.v4, .tcp, Build.tcp(Build.v4, [1, 2, 3]))
        let inner6 = Build.frame(Build.v6, .udp, Build.udp(Build.v6, [1, 2, 3]))
        return [
            Frame(
                "VXLAN over IPv4", Build.vxlan(over: Build.v4, trafficClass: 2, inner),
                [
                    ("vxlan.vni", "4096"), ("vxlan.flag_i", "1"), ("udp.srcport", "50000"),
                    ("udp.dstport", "4789"), ("udp.checksum.status", "3"),
                    ("ip.ttl", "64,64"), ("ip.flags.df", "1,1"), ("ip.dsfield.ecn", "2,0"),
                    ("ip.checksum.status", "1,1"), ("tcp.checksum.status", "1"),
                ]),
            Frame(
                "VXLAN over IPv6", Build.vxlan(over: Build.v6, trafficClass: 3, inner6),
                [
                    ("vxlan.vni", "4096"), ("ipv6.hlim", "64,64"), ("ipv6.tclass.ecn", "3,0"),
                    ("udp.dstport", "4789,9999"), ("udp.checksum.status", "1,1"),
                ]),
        ]
    }
}
