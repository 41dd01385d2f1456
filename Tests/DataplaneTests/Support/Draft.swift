// A packet as a test describes it: ends, transport, and whatever is unusual about it. `frame`
// builds it with fresh checksums from Wire's field types, so a packet that the data plane rewrote
// can be held against the same packet built anew.

import Wire

struct Draft {
    enum Transport {
        case tcp(TCPFlags)
        case udp
        case sctp(SCTPChunkType)
        /// Whatever `payload` says, of this protocol.
        case raw(IPProtocol)
    }

    var transport: Transport
    var source: IPAddress
    var target: IPAddress
    var sourcePort: UInt16
    var targetPort: UInt16
    var payload: [UInt8] = Array("weft".utf8)
    var ttl: UInt8 = 64
    var trafficClass: UInt8 = 0
    var dontFragment = true
    var identification: UInt16 = 0
    /// TCP's, so that packets of a flow can be told apart.
    var sequence: UInt32 = 1
    var maximumSegmentSize: UInt16?
    var tags: [VLANTag] = []
    var sourceMAC = MACAddress(rawValue: 0x0200_5e00_0001)
    var targetMAC = MACAddress(rawValue: 0x0242_c633_640b)

    init(
        _ transport: Transport, from source: IPAddress, _ sourcePort: UInt16 = 0,
        to target: IPAddress, _ targetPort: UInt16 = 0
    ) {
        self.transport = transport
        self.source = source
        self.sourcePort = sourcePort
        self.target = target
        self.targetPort = targetPort
    }

    func with<Value>(_ path: WritableKeyPath<Self, Value>, _ value: Value) -> Draft {
        var copy = self
        copy[keyPath: path] = value
        return copy
    }

    /// The same with the ends exchanged.
    var reversed: Draft {
        var copy = self
        (copy.source, copy.target) = (target, source)
        (copy.sourcePort, copy.targetPort) = (targetPort, sourcePort)
        return copy
    }

    /// The same, sent to another end.
    func to(_ target: IPAddress, _ port: UInt16) -> Draft {
        with(\.target, target).with(\.targetPort, port)
    }

    /// The same, sent from another end.
    func from(_ source: IPAddress, _ port: UInt16) -> Draft {
        with(\.source, source).with(\.sourcePort, port)
    }

    /// The same over another link.
    func between(_ source: MACAddress, _ target: MACAddress) -> Draft {
        with(\.sourceMAC, source).with(\.targetMAC, target)
    }
}

// From the inside out.
extension Draft {
    var addresses: AddressPair { .between(source, target) }

    var proto: IPProtocol {
        switch transport {
        case .tcp: .tcp
        case .udp: .udp
        case .sctp: .sctp
        case .raw(let proto): proto
        }
    }

    /// Transport header and payload.
    var segment: [UInt8] {
        let ports = (source: Port(sourcePort), target: Port(targetPort))
        switch transport {
        case .tcp(let flags):
            var fields = TCPFields(
                sourcePort: ports.source, destinationPort: ports.target, sequence: sequence,
                acknowledgment: 0, flags: flags)
            fields.maximumSegmentSize = maximumSegmentSize
            fields.payloadByteCount = payload.count
            return [UInt8](fields.headerByteCount, before: payload) {
                fields.write(to: &$0, between: addresses)
            }
        case .udp:
            let fields = UDPFields(
                sourcePort: ports.source, destinationPort: ports.target,
                payloadByteCount: payload.count)
            return [UInt8](UDPFields.byteCount, before: payload) {
                fields.write(to: &$0, between: addresses)
            }
        case .sctp(let chunk):
            let length = UInt16(4 + payload.count)
            let chunks =
                [chunk.rawValue, 0, UInt8(length >> 8), UInt8(truncatingIfNeeded: length)] + payload
            let fields = SCTPFields(
                sourcePort: ports.source, destinationPort: ports.target, verificationTag: 7,
                payloadByteCount: chunks.count)
            return [UInt8](SCTPFields.byteCount, before: chunks) { fields.write(to: &$0) }
        case .raw: return payload
        }
    }

    /// The IP packet.
    var packet: [UInt8] { packet(proto, segment) { _ in } }

    /// The Ethernet frame.
    var frame: [UInt8] { frame(around: packet) }

    func packet(
        _ proto: IPProtocol, _ body: [UInt8], change: (inout IPv4Fields) -> Void
    ) -> [UInt8] {
        switch addresses {
        case .v4(let source, let target):
            var fields = IPv4Fields(
                source: source, destination: target, proto: proto, payloadByteCount: body.count)
            fields.ttl = ttl
            fields.trafficClass = trafficClass
            fields.dontFragment = dontFragment
            fields.identification = identification
            change(&fields)
            return [UInt8](IPv4Fields.byteCount, before: body) { fields.write(to: &$0) }
        case .v6(let source, let target):
            var fields = IPv6Fields(
                source: source, destination: target, nextHeader: proto,
                payloadByteCount: body.count)
            fields.hopLimit = ttl
            fields.trafficClass = trafficClass
            return [UInt8](IPv6Fields.byteCount, before: body) { fields.write(to: &$0) }
        }
    }

    func frame(around packet: [UInt8]) -> [UInt8] {
        link(addresses.isIPv6 ? .ipv6 : .ipv4, packet)
    }

    /// Ethernet header and tags before any payload.
    func link(_ type: EtherType, _ payload: [UInt8]) -> [UInt8] {
        var type = type
        var frame = payload
        for tag in tags.reversed() {
            frame = [UInt8](VLANTag.byteCount, before: frame) {
                tag.write(to: &$0, followedBy: type)
            }
            type = tag.tpid
        }
        let fields = EthernetFields(destination: targetMAC, source: sourceMAC, etherType: type)
        return [UInt8](EthernetFields.byteCount, before: frame) { fields.write(to: &$0) }
    }
}

extension AddressPair {
    /// Both of one family.
    static func between(_ source: IPAddress, _ target: IPAddress) -> AddressPair {
        switch (source, target) {
        case (.v4(let source), .v4(let target)): .v4(source: source, destination: target)
        case (.v6(let source), .v6(let target)): .v6(source: source, destination: target)
        default: fatalError("a packet has one family: \(source) to \(target)")
        }
    }
}

extension IPAddress: ExpressibleByStringLiteral {
    public init(stringLiteral text: String) {
        guard let address = IPAddress(text) else { fatalError("no address: \(text)") }
        self = address
    }
}

extension [UInt8] {
    /// `headerByteCount` bytes for `write` to fill, and the payload behind them.
    init(
        _ headerByteCount: Int, before payload: [UInt8] = [],
        write: (inout MutableRawSpan) -> Void
    ) {
        // Ones, so that a field which is not written shows.
        self = [UInt8](repeating: 0xff, count: headerByteCount) + payload
        var bytes = mutableSpan
        var raw = bytes.raw
        write(&raw)
    }

    /// The same with some bytes replaced.
    func replacing(at offset: Int, _ bytes: UInt8...) -> [UInt8] {
        var copy = self
        copy.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return copy
    }
}
