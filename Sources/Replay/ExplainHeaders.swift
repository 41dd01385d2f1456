// A frame as a list of headers, one line each, outermost first: what `weft explain` prints before
// and after each node.
//
// It reads leniently what the data plane judges strictly, through the same views: a header that
// cannot be read is a line too, with its place. Invariant: lines are in the order of their bytes,
// every offset lies within the frame, and what a frame may nest is bounded.

import Wire

/// One header of a frame, as names and values.
public struct HeaderLine: Equatable, Sendable {
    public struct Field: Equatable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// `Ethernet`, `IPv4`, `TCP`...
    public var name: String
    /// Of its first byte, from the start of the frame.
    public var offset: Int
    /// How many packets it is inside of: one more behind VXLAN and in what an ICMP error quotes.
    public var depth: Int
    public var fields: [Field]

    public init(_ name: String, offset: Int, depth: Int, _ fields: [Field]) {
        self.name = name
        self.offset = offset
        self.depth = depth
        self.fields = fields
    }

    public subscript(_ field: String) -> String? { fields.first { $0.name == field }?.value }

    /// Whether this line says that something cannot be read.
    public var isMalformed: Bool { name == HeaderDissector.malformed }
}

public struct HeaderDissector {
    static let malformed = "Malformed"
    /// The deepest nesting that means anything here: an ICMP error inside VXLAN, and its quote.
    static let depthMax = 3

    var lines: [HeaderLine] = []
    let vxlanPort: Port

    /// The headers of an Ethernet frame. UDP to `vxlanPort` is read as VXLAN.
    public static func lines(of frame: RawSpan, vxlanPort: Port = VXLANFields.port) -> [HeaderLine]
    {
        var dissector = HeaderDissector(vxlanPort: vxlanPort)
        dissector.readEthernet(frame, at: 0, depth: 0)
        return dissector.lines
    }

    /// The headers of a packet that starts with its IP header.
    public static func lines(
        ofPacket packet: RawSpan, vxlanPort: Port = VXLANFields.port
    ) -> [HeaderLine] {
        var dissector = HeaderDissector(vxlanPort: vxlanPort)
        let isIPv6 = packet.byteCount > 0 && packet.u8(0) >> 4 == 6
        dissector.readNetwork(packet, isIPv6 ? .ipv6 : .ipv4, at: 0, depth: 0)
        return dissector.lines
    }

    init(vxlanPort: Port) { self.vxlanPort = vxlanPort }

    mutating func add(
        _ name: String, _ offset: Int, _ depth: Int, _ fields: [(name: String, value: String)]
    ) {
        let fields = fields.map { HeaderLine.Field($0.name, $0.value) }
        lines.append(HeaderLine(name, offset: offset, depth: depth, fields))
    }

    mutating func fail(_ reason: String, _ offset: Int, _ depth: Int) {
        add(Self.malformed, offset, depth, [("", "byte \(offset): \(reason)")])
    }

    /// What is left when every header has been read.
    mutating func addData(_ byteCount: Int, _ offset: Int, _ depth: Int) {
        guard byteCount > 0 else { return }
        add("Data", offset, depth, [("", byteCount == 1 ? "1 byte" : "\(byteCount) bytes")])
    }
}

// The link layer.
extension HeaderDissector {
    mutating func readEthernet(_ bytes: RawSpan, at offset: Int, depth: Int) {
        guard depth < Self.depthMax else {
            return fail("packets nested more than \(Self.depthMax) deep", offset, depth)
        }
        guard let ethernet = EthernetHeader(bytes) else {
            let reason = "an Ethernet header has 14 bytes, here are \(bytes.byteCount)"
            return fail(reason, offset, depth)
        }
        add(
            "Ethernet", offset, depth,
            [
                ("source", "\(ethernet.source)"), ("destination", "\(ethernet.destination)"),
                ("type", Self.text(ethernet.etherType)),
            ])
        guard let link = LinkHeader(bytes) else {
            return fail("a VLAN tag is cut short", offset + EthernetFields.byteCount, depth)
        }
        for index in 0..<link.tagCount {
            guard let tag = link.tag(index) else { continue }
            let start = offset + EthernetFields.byteCount + index * VLANTag.byteCount
            let next = index + 1 < link.tagCount ? link.tag(index + 1)?.tpid : link.etherType
            var fields = [("id", "\(tag.vid)"), ("priority", "\(tag.pcp)")]
            if tag.dei { fields.append(("drop eligible", "yes")) }
            fields.append(("type", Self.text(next ?? link.etherType)))
            add("VLAN", start, depth, fields)
        }
        readNetwork(link.payload, link.etherType, at: offset + link.byteCount, depth: depth)
    }

    mutating func readNetwork(
        _ bytes: RawSpan, _ etherType: EtherType, at offset: Int, depth: Int
    ) {
        switch etherType {
        case .ipv4: readIPv4(bytes, at: offset, depth: depth)
        case .ipv6: readIPv6(bytes, at: offset, depth: depth)
        case .arp: readARP(bytes, at: offset, depth: depth)
        default:
            guard !etherType.isTag else {
                let reason = "more than \(LinkHeader.tagCountMax) VLAN tags"
                return fail(reason, offset, depth)
            }
            addData(bytes.byteCount, offset, depth)
        }
    }

    private mutating func readARP(_ bytes: RawSpan, at offset: Int, depth: Int) {
        guard let header = ARPHeader(bytes) else {
            return fail("no ARP message for IPv4 over Ethernet", offset, depth)
        }
        let operation =
            switch header.operation {
            case .request: "request"
            case .reply: "reply"
            default: "\(header.operation.rawValue)"
            }
        add(
            "ARP", offset, depth,
            [
                ("operation", operation),
                ("sender", "\(header.senderAddress) (\(header.senderMAC))"),
                ("target", "\(header.targetAddress) (\(header.targetMAC))"),
            ])
    }

    private static func text(_ etherType: EtherType) -> String {
        let number = hexadecimal(UInt64(etherType.rawValue), digitCount: 4)
        switch etherType {
        case .ipv4: return "IPv4"
        case .ipv6: return "IPv6"
        case .arp: return "ARP"
        case .vlan: return "VLAN"
        case .qinq: return "QinQ"
        default: return number
        }
    }

    static func hexadecimal(_ value: UInt64, digitCount: Int) -> String {
        let digits = String(value, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, digitCount - digits.count)) + digits
    }
}
