// Reads a frame through every view of Wire, to the bottom: tags, extension headers, options, what a
// tunnel carries and what an error quotes. Invariant: each level looks at fewer bytes than the last,
// so it comes to an end.

import Wire

struct FrameReader {
    /// Everything read, mixed, so that no read is left out as useless.
    private(set) var digest: UInt64 = 0

    @inline(never)
    private mutating func note(_ value: some BinaryInteger) {
        digest = (digest ^ UInt64(truncatingIfNeeded: value)) &* 0x100_0000_01b3
    }

    private mutating func note(_ mac: MACAddress) { note(mac.rawValue) }
    private mutating func note(_ address: IPv6Address) { note(address.high ^ address.low) }

    mutating func readEthernet(_ bytes: RawSpan) {
        if let ethernet = EthernetHeader(bytes) { note(ethernet.etherType.rawValue) }
        guard let link = LinkHeader(bytes) else { return }
        note(link.source)
        note(link.destination)
        for index in -1...link.tagCount { note(link.tag(index)?.control ?? 0) }
        readNetwork(link.etherType, link.payload)
    }

    mutating func readCooked(_ bytes: RawSpan) {
        if let link = LinuxCookedHeader(bytes) {
            note(link.direction?.rawValue ?? 255)
            note(link.source?.rawValue ?? 0)
            readNetwork(link.etherType, link.payload)
        }
        if let link = LinuxCooked2Header(bytes) {
            note(link.direction?.rawValue ?? 255)
            note(link.source?.rawValue ?? 0)
            note(link.interfaceIndex)
            readNetwork(link.etherType, link.payload)
        }
    }

    private mutating func readNetwork(_ etherType: EtherType, _ bytes: RawSpan) {
        switch etherType {
        case .arp: readARP(bytes)
        case .ipv4: readIPv4(bytes)
        case .ipv6: readIPv6(bytes)
        default: break
        }
    }

    mutating func readARP(_ bytes: RawSpan) {
        guard let arp = ARPHeader(bytes) else { return }
        note(arp.operation.rawValue)
        note(arp.senderMAC)
        note(arp.senderAddress.rawValue)
        note(arp.targetMAC)
        note(arp.targetAddress.rawValue)
    }

    mutating func readIPv4(_ bytes: RawSpan) {
        guard let ip = IPv4Header(bytes) else { return }
        note(ip.source.rawValue)
        note(ip.destination.rawValue)
        note(ip.ttl)
        note(ip.trafficClass)
        note(ip.identification)
        note(ip.fragmentOffset)
        note(ip.options.byteCount)
        note(ip.packet.byteCount)
        note(ip.isChecksumValid ? 1 : 0)
        readTransport(ip.proto, ip.payload, ip.addresses)
    }

    mutating func readIPv6(_ bytes: RawSpan) {
        guard let ip = IPv6Header(bytes) else { return }
        note(ip.source)
        note(ip.destination)
        note(ip.hopLimit)
        note(ip.trafficClass)
        note(ip.flowLabel)
        guard case .upperLayer(let upper) = ip.walk else { return }
        note(upper.fragment?.offset ?? 0)
        readTransport(upper.proto, ip.packet.from(upper.offset), ip.addresses)
    }

    mutating func readTransport(
        _ proto: IPProtocol, _ bytes: RawSpan, _ addresses: AddressPair
    ) {
        if let ports = TransportPorts(bytes) {
            note(ports.source.rawValue)
            note(ports.destination.rawValue)
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
        note(tcp.sequence)
        note(tcp.acknowledgment)
        note(tcp.flags.rawValue)
        note(tcp.window)
        note(tcp.urgentPointer)
        note(tcp.payload.byteCount)
        note(tcp.maximumSegmentSize ?? 0)
        note(tcp.isChecksumValid(between: addresses) ? 1 : 0)
        var options = tcp.options
        while let option = options.next() { note(option.value.byteCount) }
    }

    private mutating func readUDP(_ bytes: RawSpan, _ addresses: AddressPair) {
        guard let udp = UDPHeader(bytes) else { return }
        note(udp.totalByteCount)
        note(udp.checksum)
        note(udp.isChecksumValid(between: addresses) ? 1 : 0)
        guard let vxlan = VXLANHeader(udp.payload) else { return }
        note(vxlan.vni.rawValue)
        readEthernet(vxlan.inner)
    }

    private mutating func readSCTP(_ bytes: RawSpan) {
        guard let sctp = SCTPHeader(bytes) else { return }
        note(sctp.verificationTag)
        note(sctp.firstChunkType?.rawValue ?? 255)
        note(sctp.payload.byteCount)
        note(sctp.isChecksumValid ? 1 : 0)
    }

    private mutating func readICMP(_ bytes: RawSpan) {
        guard let icmp = ICMPHeader(bytes) else { return }
        note(icmp.type.rawValue)
        note(icmp.code)
        note(icmp.parameter)
        note(icmp.identifier ^ icmp.sequence ^ icmp.mtu)
        note(icmp.isChecksumValid ? 1 : 0)
        if let offset = icmp.quoteOffset { readIPv4(bytes.from(offset)) }
    }

    private mutating func readICMPv6(_ bytes: RawSpan, _ addresses: AddressPair) {
        guard let icmp = ICMPv6Header(bytes) else { return }
        note(icmp.type.rawValue)
        note(icmp.code)
        note(icmp.mtu)
        note(icmp.identifier ^ icmp.sequence)
        note(icmp.isChecksumValid(between: addresses) ? 1 : 0)
        if let offset = icmp.quoteOffset { readIPv6(bytes.from(offset)) }
    }
}
