// What a replay must see of a packet before the mesh does: who sent it to whom. A lenient look, in
// which what cannot be read is nil; judging packets is the data plane's work.

import Dataplane
import Wire

/// The ends of a packet that an ICMP error quotes.
struct QuotedFlow {
    var source: IPv6Address
    var destination: IPv6Address
    var proto: IPProtocol
    var sourcePort: Port
    var destinationPort: Port
}

struct PacketSight {
    /// In the mapped form; nil without an IP header.
    var source: IPv6Address?
    var destination: IPv6Address?
    var proto = IPProtocol(rawValue: 0)
    var sourcePort = Port(0)
    var destinationPort = Port(0)
    var hasPorts = false
    var flags = TCPFlags()
    var isFragment = false
    var isLaterFragment = false
    var identification: UInt32 = 0
    var isIPv4 = true
    /// Of the IP header and the transport header, from the start of the frame.
    var network = 0
    var transport = 0
    /// Of transport header and payload by the packet's own word; nil in fragments.
    var transportByteCount: Int?
    /// The flow that an ICMP error is about, as the packet says it that is quoted.
    var quoted: QuotedFlow?

    /// Has an IPv4 header with options.
    var hasOptions: Bool { isIPv4 && transport - network > 20 }

    init() {}

    init(_ frame: RawSpan) { look(at: frame) }

    /// Sees another frame, in place of what was seen before.
    mutating func look(at frame: RawSpan) {
        if !glance(at: frame) { lookLonger(at: frame) }
    }

    @inline(never)
    private mutating func lookLonger(at frame: RawSpan) {
        self = PacketSight()
        guard let link = LinkHeader(frame) else { return }
        network = link.byteCount
        if link.etherType == .ipv4, let header = IPv4Header(link.payload) {
            read(header)
        } else if link.etherType == .ipv6, let header = IPv6Header(link.payload) {
            read(header)
        }
    }

    private mutating func read(_ header: IPv4Header) {
        source = IPv6Address(mapped: header.source)
        destination = IPv6Address(mapped: header.destination)
        proto = header.proto
        isFragment = header.isFragment
        isLaterFragment = !header.isFirstFragment
        identification = UInt32(header.identification)
        transport = network + header.headerByteCount
        if !isFragment { transportByteCount = header.totalByteCount - header.headerByteCount }
        if !isLaterFragment { readTransport(header.payload) }
    }

    private mutating func read(_ header: IPv6Header) {
        isIPv4 = false
        source = header.source
        destination = header.destination
        guard case .upperLayer(let layer) = header.walk else { return }
        proto = layer.proto
        isFragment = layer.fragment.map { !$0.isAtomic } ?? false
        isLaterFragment = !layer.isFirstFragment
        identification = layer.fragment?.identification ?? 0
        transport = network + layer.offset
        if !isFragment { transportByteCount = header.totalByteCount - layer.offset }
        if !isLaterFragment { readTransport(header.packet.from(layer.offset)) }
    }

    private mutating func readTransport(_ bytes: RawSpan) {
        guard proto.hasPorts else {
            quoted = QuotedFlow(proto, bytes)
            return
        }
        guard let ports = TransportPorts(bytes) else { return }
        sourcePort = ports.source
        destinationPort = ports.destination
        hasPorts = true
        if proto == .tcp, bytes.byteCount > 13 { flags = TCPFlags(rawValue: bytes.u8(13)) }
    }
}

extension QuotedFlow {
    /// From a packet of `proto` that may be an ICMP error; nil if it is none, or too little is quoted.
    fileprivate init?(_ proto: IPProtocol, _ message: RawSpan) {
        let packet = message.from(ICMPFields.byteCount)
        if proto == .icmp, ICMPHeader(message)?.type.isError == true,
            let header = IPv4Header(packet), header.isFirstFragment
        {
            self.init(
                from: IPv6Address(mapped: header.source),
                to: IPv6Address(mapped: header.destination),
                header.proto, header.payload)
        } else if proto == .icmpv6, ICMPv6Header(message)?.type.isError == true,
            let header = IPv6Header(packet), case .upperLayer(let layer) = header.walk,
            layer.isFirstFragment
        {
            self.init(
                from: header.source, to: header.destination, layer.proto, packet.from(layer.offset))
        } else {
            return nil
        }
    }

    private init?(
        from source: IPv6Address, to destination: IPv6Address, _ proto: IPProtocol,
        _ transport: RawSpan
    ) {
        guard proto.hasPorts, let ports = TransportPorts(transport) else { return nil }
        self.init(
            source: source, destination: destination, proto: proto, sourcePort: ports.source,
            destinationPort: ports.destination)
    }
}

/// Rewrites one end of a packet in place, checksums kept, as a replay aims a trace at the mesh.
func aim(
    _ bytes: inout MutableRawSpan, _ sight: PacketSight, source: (IPv6Address, Port)? = nil,
    destination: (IPv6Address, Port)? = nil
) {
    var delta = ChecksumDelta()
    if sight.isIPv4, var header = MutableIPv4Header(&bytes, at: sight.network) {
        if let source { header.setSource(source.0.mappedIPv4, noting: &delta) }
        if let destination { header.setDestination(destination.0.mappedIPv4, noting: &delta) }
    } else if var header = MutableIPv6Header(&bytes, at: sight.network) {
        if let source { header.setSource(source.0, noting: &delta) }
        if let destination { header.setDestination(destination.0, noting: &delta) }
    }
    guard sight.hasPorts,
        var ports = MutableTransportPorts(
            &bytes, at: sight.transport, proto: sight.proto,
            packetByteCount: sight.transportByteCount)
    else { return }
    ports.setSource(source?.1 ?? sight.sourcePort, applying: delta)
    if let destination { ports.setDestination(destination.1) }
}
