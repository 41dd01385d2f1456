// TCP, UDP, SCTP, ICMP, ICMPv6 and VXLAN as lines, and what the last three carry inside.
//
// Invariant: a checksum is called wrong only where all that it covers is at hand.

import Wire

extension HeaderDissector {
    mutating func readTransport(
        _ bytes: RawSpan, _ proto: IPProtocol, at offset: Int, _ context: NetworkContext
    ) {
        switch proto {
        case .tcp: readTCP(bytes, at: offset, context)
        case .udp: readUDP(bytes, at: offset, context)
        case .sctp: readSCTP(bytes, at: offset, context)
        case .icmp: readICMP(bytes, at: offset, context)
        case .icmpv6: readICMPv6(bytes, at: offset, context)
        default: addData(bytes.byteCount, offset, context.depth)
        }
    }

    private mutating func readTCP(_ bytes: RawSpan, at offset: Int, _ context: NetworkContext) {
        guard let header = TCPHeader(bytes) else {
            return readPorts(bytes, "TCP", 20, at: offset, context)
        }
        var fields = [
            ("source", "\(header.sourcePort)"), ("destination", "\(header.destinationPort)"),
            ("flags", Self.text(header.flags)), ("seq", "\(header.sequence)"),
        ]
        if header.flags.contains(.ack) { fields.append(("ack", "\(header.acknowledgment)")) }
        fields.append(("window", "\(header.window)"))
        if let size = header.maximumSegmentSize { fields.append(("mss", "\(size)")) }
        let isRight = context.isPartial || header.isChecksumValid(between: context.addresses)
        fields.append(("checksum", Self.text(header.checksum, isRight)))
        add("TCP", offset, context.depth, fields)
        let data = header.payload.byteCount
        addData(data, offset + header.headerByteCount, context.depth)
    }

    private mutating func readUDP(_ bytes: RawSpan, at offset: Int, _ context: NetworkContext) {
        guard let header = UDPHeader(bytes) else {
            return readPorts(bytes, "UDP", 8, at: offset, context)
        }
        let isRight = context.isPartial || header.isChecksumValid(between: context.addresses)
        let checksum =
            header.hasChecksum || !isRight ? Self.text(header.checksum, isRight) : "none"
        add(
            "UDP", offset, context.depth,
            [
                ("source", "\(header.sourcePort)"), ("destination", "\(header.destinationPort)"),
                ("length", "\(header.totalByteCount)"), ("checksum", checksum),
            ])
        let start = offset + UDPFields.byteCount
        guard header.destinationPort == vxlanPort else {
            return addData(header.payload.byteCount, start, context.depth)
        }
        readVXLAN(header.payload, at: start, context)
    }

    private mutating func readVXLAN(_ bytes: RawSpan, at offset: Int, _ context: NetworkContext) {
        guard let header = VXLANHeader(bytes) else {
            let reason =
                bytes.byteCount < VXLANFields.byteCount
                ? "a VXLAN header has 8 bytes, here are \(bytes.byteCount)"
                : "the VXLAN header's I flag is not set, so it has no valid VNI"
            return fail(reason, offset, context.depth)
        }
        add("VXLAN", offset, context.depth, [("vni", "\(header.vni.rawValue)")])
        readEthernet(
            header.inner, at: offset + VXLANFields.byteCount, depth: context.depth + 1)
    }

    private mutating func readSCTP(_ bytes: RawSpan, at offset: Int, _ context: NetworkContext) {
        guard let header = SCTPHeader(bytes) else {
            return readPorts(bytes, "SCTP", 12, at: offset, context)
        }
        var fields = [
            ("source", "\(header.sourcePort)"), ("destination", "\(header.destinationPort)"),
            ("tag", Self.hexadecimal(UInt64(header.verificationTag), digitCount: 8)),
        ]
        if let type = header.firstChunkType { fields.append(("chunk", Self.text(type))) }
        let isRight = context.isPartial || header.isChecksumValid
        let checksum = Self.hexadecimal(UInt64(header.checksum), digitCount: 8)
        fields.append(("checksum", checksum + (isRight ? "" : " (wrong)")))
        add("SCTP", offset, context.depth, fields)
        let data = bytes.byteCount - SCTPFields.byteCount
        addData(data, offset + SCTPFields.byteCount, context.depth)
    }

    /// What is left of a transport header that is cut short, as in a quote of eight bytes.
    private mutating func readPorts(
        _ bytes: RawSpan, _ name: String, _ needed: Int, at offset: Int, _ context: NetworkContext
    ) {
        if context.isPartial, let ports = TransportPorts(bytes) {
            return add(
                name, offset, context.depth,
                [
                    ("source", "\(ports.source)"), ("destination", "\(ports.destination)"),
                    ("cut", "\(bytes.byteCount) bytes of the header"),
                ])
        }
        let reason =
            bytes.byteCount < needed
            ? "a \(name) header has at least \(needed) bytes, here are \(bytes.byteCount)"
            : "the \(name) header's length is impossible"
        fail(reason, offset, context.depth)
    }

    private mutating func readICMP(_ bytes: RawSpan, at offset: Int, _ context: NetworkContext) {
        guard let header = ICMPHeader(bytes) else {
            let reason = "an ICMP header has 8 bytes, here are \(bytes.byteCount)"
            return fail(reason, offset, context.depth)
        }
        var fields = [("type", Self.text(header.type, header.code))]
        if header.type.isEcho {
            fields.append(("id", "\(header.identifier)"))
            fields.append(("seq", "\(header.sequence)"))
        }
        if header.isFragmentationNeeded { fields.append(("mtu", "\(header.mtu)")) }
        let isRight = context.isPartial || header.isChecksumValid
        fields.append(("checksum", Self.text(header.checksum, isRight)))
        add("ICMP", offset, context.depth, fields)
        let start = offset + ICMPFields.byteCount
        guard header.type.isError, context.depth + 1 < Self.depthMax else {
            return addData(header.payload.byteCount, start, context.depth)
        }
        readIPv4(header.payload, at: start, depth: context.depth + 1, isQuote: true)
    }

    private mutating func readICMPv6(_ bytes: RawSpan, at offset: Int, _ context: NetworkContext) {
        guard let header = ICMPv6Header(bytes) else {
            let reason = "an ICMPv6 header has 8 bytes, here are \(bytes.byteCount)"
            return fail(reason, offset, context.depth)
        }
        var fields = [("type", Self.text(header.type, header.code))]
        if header.type.isEcho {
            fields.append(("id", "\(header.identifier)"))
            fields.append(("seq", "\(header.sequence)"))
        }
        if header.type == .packetTooBig { fields.append(("mtu", "\(header.mtu)")) }
        let isRight = context.isPartial || header.isChecksumValid(between: context.addresses)
        fields.append(("checksum", Self.text(header.checksum, isRight)))
        add("ICMPv6", offset, context.depth, fields)
        let start = offset + ICMPv6Fields.byteCount
        guard header.type.isError, context.depth + 1 < Self.depthMax else {
            return addData(header.payload.byteCount, start, context.depth)
        }
        readIPv6(header.payload, at: start, depth: context.depth + 1, isQuote: true)
    }
}

// Numbers as words.
extension HeaderDissector {
    private static func text(_ checksum: UInt16, _ isRight: Bool) -> String {
        hexadecimal(UInt64(checksum), digitCount: 4) + (isRight ? "" : " (wrong)")
    }

    private static func text(_ flags: TCPFlags) -> String {
        let names: [(flag: TCPFlags, name: String)] = [
            (.fin, "FIN"), (.syn, "SYN"), (.rst, "RST"), (.psh, "PSH"), (.ack, "ACK"),
            (.urg, "URG"), (.ece, "ECE"), (.cwr, "CWR"),
        ]
        let set = names.filter { flags.contains($0.flag) }.map(\.name)
        return set.isEmpty ? "none" : set.joined(separator: "+")
    }

    private static func text(_ chunk: SCTPChunkType) -> String {
        switch chunk {
        case .data: "DATA"
        case .initiation: "INIT"
        case .initiationAck: "INIT ACK"
        case SCTPChunkType(rawValue: 3): "SACK"
        case .heartbeat: "HEARTBEAT"
        case .abort: "ABORT"
        case .shutdown: "SHUTDOWN"
        case .shutdownAck: "SHUTDOWN ACK"
        case .cookieEcho: "COOKIE ECHO"
        case .shutdownComplete: "SHUTDOWN COMPLETE"
        default: "\(chunk.rawValue)"
        }
    }

    private static func text(_ type: ICMPType, _ code: UInt8) -> String {
        let name =
            switch type {
            case .echoReply: "echo reply"
            case .destinationUnreachable: "destination unreachable"
            case .sourceQuench: "source quench"
            case .redirect: "redirect"
            case .echoRequest: "echo request"
            case .timeExceeded: "time exceeded"
            case .parameterProblem: "parameter problem"
            default: ""
            }
        return text(name, "\(type.rawValue)/\(code)")
    }

    private static func text(_ type: ICMPv6Type, _ code: UInt8) -> String {
        let name =
            switch type {
            case .destinationUnreachable: "destination unreachable"
            case .packetTooBig: "packet too big"
            case .timeExceeded: "time exceeded"
            case .parameterProblem: "parameter problem"
            case .echoRequest: "echo request"
            case .echoReply: "echo reply"
            case .neighborSolicitation: "neighbour solicitation"
            case .neighborAdvertisement: "neighbour advertisement"
            default: ""
            }
        return text(name, "\(type.rawValue)/\(code)")
    }

    /// The numbers alone where there is no name.
    private static func text(_ name: String, _ numbers: String) -> String {
        name.isEmpty ? numbers : "\(name) (\(numbers))"
    }
}
