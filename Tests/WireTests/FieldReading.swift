// Reads every field of a frame through the public views of Wire into text, so that a table made by
// another program can be compared with it key by key. `in.` stands before what a VXLAN frame
// carries, `q.` before what an ICMP error quotes.

import Wire

struct FieldReading {
    private(set) var fields: [String: String] = [:]
    private var prefix = ""

    init(linkType: String, frame: [UInt8]) {
        let bytes = frame.span.raw
        switch linkType {
        case "sll": readCooked(bytes)
        case "sll2": readCooked2(bytes)
        default: readEthernet(bytes)
        }
    }

    private mutating func set(_ key: String, _ value: some CustomStringConvertible) {
        fields[prefix + key] = value.description
    }

    private mutating func readEthernet(_ bytes: RawSpan) {
        guard let link = LinkHeader(bytes) else { return }
        set("eth.src", link.source)
        set("eth.dst", link.destination)
        set("vlan.count", link.tagCount)
        let tags = (0..<link.tagCount).compactMap { link.tag($0) }
        set(
            "vlan.tags",
            tags.map {
                "\(String($0.tpid.rawValue, radix: 16)):\($0.pcp):\($0.dei ? 1 : 0):\($0.vid)"
            }.joined(separator: ","))
        readNetwork(link.etherType, link.payload)
    }

    private mutating func readCooked(_ bytes: RawSpan) {
        guard let link = LinuxCookedHeader(bytes) else { return }
        set("sll.direction", link.direction?.rawValue ?? 255)
        set("sll.src", link.source?.description ?? "")
        readNetwork(link.etherType, link.payload)
    }

    private mutating func readCooked2(_ bytes: RawSpan) {
        guard let link = LinuxCooked2Header(bytes) else { return }
        set("sll.direction", link.direction?.rawValue ?? 255)
        set("sll.ifindex", link.interfaceIndex)
        set("sll.src", link.source?.description ?? "")
        readNetwork(link.etherType, link.payload)
    }

    private mutating func readNetwork(_ etherType: EtherType, _ bytes: RawSpan) {
        let digits = String(etherType.rawValue, radix: 16)
        set("eth.type", String(repeating: "0", count: 4 - digits.count) + digits)
        switch etherType {
        case .arp: readARP(bytes)
        case .ipv4: readIPv4(bytes)
        case .ipv6: readIPv6(bytes)
        default: break
        }
    }

    private mutating func readARP(_ bytes: RawSpan) {
        guard let arp = ARPHeader(bytes) else { return }
        set("arp.op", arp.operation.rawValue)
        set("arp.sha", arp.senderMAC)
        set("arp.spa", arp.senderAddress)
        set("arp.tha", arp.targetMAC)
        set("arp.tpa", arp.targetAddress)
    }

    private mutating func readIPv4(_ bytes: RawSpan) {
        guard let ip = IPv4Header(bytes) else { return }
        set("ip.src", ip.source)
        set("ip.dst", ip.destination)
        set("ip.ttl", ip.ttl)
        set("ip.tos", ip.trafficClass)
        set("ip.id", ip.identification)
        set("ip.len", ip.totalByteCount)
        set("ip.hlen", ip.headerByteCount)
        set("ip.df", ip.dontFragment)
        set("ip.mf", ip.moreFragments)
        set("ip.frag", ip.fragmentOffset)
        set("ip.proto", ip.proto)
        set("ip.ok", ip.isChecksumValid)
        guard !ip.isFragment else { return }
        readTransport(ip.proto, ip.payload, ip.addresses)
    }

    private mutating func readIPv6(_ bytes: RawSpan) {
        guard let ip = IPv6Header(bytes) else { return }
        set("ip6.src", ip.source)
        set("ip6.dst", ip.destination)
        set("ip6.hlim", ip.hopLimit)
        set("ip6.tc", ip.trafficClass)
        set("ip6.fl", ip.flowLabel)
        guard case .upperLayer(let upper) = ip.walk else { return }
        set("ip6.upper", upper.proto)
        set("ip6.offset", upper.offset)
        if let fragment = upper.fragment {
            set("ip6.frag", fragment.offset)
            set("ip6.more", fragment.more)
            set("ip6.id", fragment.identification)
            set("ip6.fragat", fragment.headerOffset)
        } else {
            readTransport(upper.proto, ip.packet.from(upper.offset), ip.addresses)
        }
    }

    private mutating func readTransport(
        _ proto: IPProtocol, _ bytes: RawSpan, _ addresses: AddressPair
    ) {
        if prefix == "q.", proto.hasPorts, let ports = TransportPorts(bytes) {
            set("ports", "\(ports.source),\(ports.destination)")
        }
        switch proto {
        case .tcp: readTCP(bytes, addresses)
        case .udp: readUDP(bytes, addresses)
        case .sctp: readSCTP(bytes)
        case .icmp: readICMP(bytes)
        case .icmpv6: readICMPv6(bytes, addresses)
        default: break
        }
    }

    private mutating func readTCP(_ bytes: RawSpan, _ addresses: AddressPair) {
        guard let tcp = TCPHeader(bytes) else { return }
        set("tcp.sport", tcp.sourcePort)
        set("tcp.dport", tcp.destinationPort)
        set("tcp.seq", tcp.sequence)
        set("tcp.ack", tcp.acknowledgment)
        set("tcp.flags", tcp.flags.rawValue)
        set("tcp.window", tcp.window)
        set("tcp.urgent", tcp.urgentPointer)
        set("tcp.payload", tcp.payload.byteCount)
        set("tcp.mss", tcp.maximumSegmentSize.map { "\($0)" } ?? "none")
        set("tcp.ok", tcp.isChecksumValid(between: addresses))
    }

    private mutating func readUDP(_ bytes: RawSpan, _ addresses: AddressPair) {
        guard let udp = UDPHeader(bytes) else { return }
        set("udp.sport", udp.sourcePort)
        set("udp.dport", udp.destinationPort)
        set("udp.len", udp.totalByteCount)
        set("udp.sum", udp.checksum)
        set("udp.payload", udp.payload.byteCount)
        set("udp.ok", udp.isChecksumValid(between: addresses))
        guard udp.destinationPort == VXLANFields.port, let vxlan = VXLANHeader(udp.payload) else {
            return
        }
        set("vxlan.vni", vxlan.vni.rawValue)
        prefix = "in."
        readEthernet(vxlan.inner)
    }

    private mutating func readSCTP(_ bytes: RawSpan) {
        guard let sctp = SCTPHeader(bytes) else { return }
        set("sctp.sport", sctp.sourcePort)
        set("sctp.dport", sctp.destinationPort)
        set("sctp.tag", sctp.verificationTag)
        set("sctp.chunk", sctp.firstChunkType.map { "\($0.rawValue)" } ?? "none")
        set("sctp.ok", sctp.isChecksumValid)
    }

    private mutating func readICMP(_ bytes: RawSpan) {
        guard let icmp = ICMPHeader(bytes) else { return }
        set("icmp.type", icmp.type.rawValue)
        set("icmp.code", icmp.code)
        set("icmp.ok", icmp.isChecksumValid)
        if icmp.type.isEcho {
            set("icmp.id", icmp.identifier)
            set("icmp.seq", icmp.sequence)
        }
        if icmp.isFragmentationNeeded { set("icmp.mtu", icmp.mtu) }
        guard let offset = icmp.quoteOffset else { return }
        prefix = "q."
        readIPv4(bytes.from(offset))
    }

    private mutating func readICMPv6(_ bytes: RawSpan, _ addresses: AddressPair) {
        guard let icmp = ICMPv6Header(bytes) else { return }
        set("icmp6.type", icmp.type.rawValue)
        set("icmp6.code", icmp.code)
        set("icmp6.ok", icmp.isChecksumValid(between: addresses))
        if icmp.type.isEcho {
            set("icmp6.id", icmp.identifier)
            set("icmp6.seq", icmp.sequence)
        }
        if icmp.type == .packetTooBig { set("icmp6.mtu", icmp.mtu) }
        guard let offset = icmp.quoteOffset else { return }
        prefix = "q."
        readIPv6(bytes.from(offset))
    }
}
