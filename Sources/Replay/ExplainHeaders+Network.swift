// IPv4, IPv6 and its extension headers as lines (RFC 791, RFC 8200).
//
// Invariant: a transport header is looked for only where one can be: not in a later fragment, not
// behind an extension chain that cannot be followed.

import Wire

/// What a transport header must know of the packet it is in.
struct NetworkContext {
    var addresses: AddressPair
    var depth: Int
    /// Length of header and payload by the packet's own word.
    var byteCount: Int
    /// A fragment has only a part of what its checksum covers, and so has a quoted packet.
    var isPartial: Bool
}

extension HeaderDissector {
    mutating func readIPv4(_ bytes: RawSpan, at offset: Int, depth: Int, isQuote: Bool = false) {
        guard let header = IPv4Header(bytes) else {
            return fail(Self.fault(ofIPv4: bytes), offset, depth)
        }
        var fields = [
            ("source", "\(header.source)"), ("destination", "\(header.destination)"),
            ("protocol", Self.text(header.proto)), ("ttl", "\(header.ttl)"),
            ("length", "\(header.totalByteCount)"),
        ]
        if header.trafficClass != 0 { fields.append(("tos", Self.text(tos: header.trafficClass))) }
        if header.identification != 0 { fields.append(("id", "\(header.identification)")) }
        if header.dontFragment { fields.append(("don't fragment", "")) }
        if header.isFragment {
            let more = header.moreFragments ? ", more follow" : ", the last"
            fields.append(("fragment", "at \(header.fragmentOffset)" + more))
        }
        if header.options.byteCount > 0 {
            fields.append(("options", "\(header.options.byteCount) bytes"))
        }
        let checksum = Self.hexadecimal(UInt64(header.checksum), digitCount: 4)
        fields.append(("checksum", checksum + (header.isChecksumValid ? "" : " (wrong)")))
        add("IPv4", offset, depth, fields)
        let start = offset + header.headerByteCount
        guard header.isFirstFragment else {
            return addData(header.payload.byteCount, start, depth)
        }
        let byteCount = header.totalByteCount - header.headerByteCount
        let context = NetworkContext(
            addresses: header.addresses, depth: depth, byteCount: byteCount,
            isPartial: header.isFragment || isQuote || header.payload.byteCount < byteCount)
        readTransport(header.payload, header.proto, at: start, context)
    }

    mutating func readIPv6(_ bytes: RawSpan, at offset: Int, depth: Int, isQuote: Bool = false) {
        guard let header = IPv6Header(bytes) else {
            return fail(Self.fault(ofIPv6: bytes), offset, depth)
        }
        var fields = [
            ("source", "\(header.source)"), ("destination", "\(header.destination)"),
            ("next", Self.text(header.nextHeader)), ("hop limit", "\(header.hopLimit)"),
            ("payload length", "\(header.payloadByteCount)"),
        ]
        if header.trafficClass != 0 {
            fields.append(("class", Self.text(tos: header.trafficClass)))
        }
        if header.flowLabel != 0 {
            let label = Self.hexadecimal(UInt64(header.flowLabel), digitCount: 5)
            fields.append(("flow label", label))
        }
        add("IPv6", offset, depth, fields)
        let packet = header.packet
        let end = readExtensions(packet, header.nextHeader, at: offset, depth: depth)
        switch header.walk {
        case .truncated: fail("an extension header is cut short", end, depth)
        case .tooManyHeaders:
            fail("more than \(IPv6UpperLayer.extensionCountMax) extension headers", end, depth)
        case .upperLayer(let layer):
            let start = offset + layer.offset
            guard layer.isFirstFragment else {
                return addData(packet.byteCount - layer.offset, start, depth)
            }
            let byteCount = header.totalByteCount - layer.offset
            let isFragment = layer.fragment.map { !$0.isAtomic } ?? false
            let payload = packet.from(layer.offset)
            let context = NetworkContext(
                addresses: header.addresses, depth: depth, byteCount: byteCount,
                isPartial: isFragment || isQuote || payload.byteCount < byteCount)
            readTransport(payload, layer.proto, at: start, context)
        }
    }

    /// A line for each extension header that is wholly there. The walk over them is Wire's; this
    /// follows the same lengths to name each. Returns where it stopped.
    private mutating func readExtensions(
        _ packet: RawSpan, _ first: IPProtocol, at offset: Int, depth: Int
    ) -> Int {
        var next = first
        var start = IPv6Fields.byteCount
        for _ in 0..<IPv6UpperLayer.extensionCountMax {
            guard let name = Self.extensionName(next), packet.byteCount - start >= 8 else { break }
            let length = Int(packet.u8(start + 1))
            var byteCount = (length + 1) * 8
            if next == .authentication { byteCount = (length + 2) * 4 }
            if next == .fragment { byteCount = IPv6FragmentFields.byteCount }
            guard packet.byteCount - start >= byteCount else { break }
            let following = IPProtocol(rawValue: packet.u8(start))
            var fields = [("next", Self.text(following)), ("length", "\(byteCount)")]
            var isLaterFragment = false
            if next == .fragment {
                let word = packet.u16(start + 2)
                isLaterFragment = word & 0xfff8 != 0
                let more = word & 1 == 0 ? ", the last" : ", more follow"
                fields[1] = ("fragment", "at \(word & 0xfff8)" + more)
                fields.append(("id", "\(packet.u32(start + 4))"))
            }
            add(name, offset + start, depth, fields)
            next = following
            start += byteCount
            if isLaterFragment { break }
        }
        return offset + start
    }

    private static func extensionName(_ proto: IPProtocol) -> String? {
        switch proto {
        case .hopByHop: "Hop-by-hop"
        case .routing: "Routing"
        case .fragment: "Fragment"
        case .authentication: "Authentication"
        case .destinationOptions: "Destination options"
        default: nil
        }
    }

    private static func fault(ofIPv4 bytes: RawSpan) -> String {
        guard bytes.byteCount >= 20 else {
            return "an IPv4 header has 20 bytes, here are \(bytes.byteCount)"
        }
        let first = bytes.u8(0)
        let headerByteCount = Int(first & 0x0f) * 4
        if first >> 4 != 4 { return "version \(first >> 4), not 4" }
        if headerByteCount < 20 { return "header length \(headerByteCount), less than 20" }
        if headerByteCount > bytes.byteCount {
            return "header length \(headerByteCount), but here are \(bytes.byteCount) bytes"
        }
        return "total length \(bytes.u16(2)), less than the header's \(headerByteCount)"
    }

    private static func fault(ofIPv6 bytes: RawSpan) -> String {
        guard bytes.byteCount >= IPv6Fields.byteCount else {
            return "an IPv6 header has 40 bytes, here are \(bytes.byteCount)"
        }
        return "version \(bytes.u8(0) >> 4), not 6"
    }

    static func text(_ proto: IPProtocol) -> String {
        switch proto {
        case .hopByHop: "hop-by-hop"
        case .routing: "routing"
        case .fragment: "fragment"
        case .destinationOptions: "destination options"
        case .noNextHeader: "none"
        case .icmpv6: "icmpv6"
        default: "\(proto)"
        }
    }

    private static func text(tos: UInt8) -> String {
        let mark =
            switch ECN(trafficClass: tos) {
            case .notECT: ""
            case .ect0: ", ECT(0)"
            case .ect1: ", ECT(1)"
            case .ce: ", congestion"
            }
        return hexadecimal(UInt64(tos), digitCount: 2) + mark
    }
}
