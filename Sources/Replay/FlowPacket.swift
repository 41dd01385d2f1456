// Packets made to be explained: the first one of a flow, and what a task would answer to it.
//
// Invariant: every length and checksum is right, so whatever the data plane says of such a packet
// it says of its addresses and ports. Transport first, then the network header, then Ethernet:
// each layer's checksum covers what stands already.

import Dataplane
import Mesh
import Wire

/// What a packet says above its IP header.
struct FlowMessage: Equatable {
    enum Kind {
        /// A SYN, an INIT, or a datagram.
        case opening
        /// What answers an opening: SYN and ACK, INIT ACK, a datagram.
        case accepting
        /// What answers anything else: a bare ACK, a SACK, a datagram.
        case acknowledging
    }

    var proto: IPProtocol
    var kind: Kind
    var sourcePort: Port
    var destinationPort: Port
    /// The SCTP tag that the receiver expects.
    var verificationTag: UInt32 = 0

    private static let mss: UInt16 = 1_400

    /// Bytes of header and chunks; datagrams are empty.
    var byteCount: Int {
        switch proto {
        case .tcp: kind == .acknowledging ? TCPFields.byteCount : TCPFields.byteCount + 4
        case .sctp: SCTPFields.byteCount + chunkByteCount
        default: UDPFields.byteCount
        }
    }

    /// INIT and INIT ACK have 20 bytes without parameters, SACK 16 without gaps (RFC 9260, 3.3).
    private var chunkByteCount: Int { kind == .acknowledging ? 16 : 20 }

    @_lifetime(bytes: copy bytes)
    func write(to bytes: inout MutableRawSpan, between addresses: AddressPair) {
        switch proto {
        case .tcp:
            let flags: TCPFlags =
                switch kind {
                case .opening: [.syn]
                case .accepting: [.syn, .ack]
                case .acknowledging: [.ack]
                }
            var fields = TCPFields(
                sourcePort: sourcePort, destinationPort: destinationPort,
                acknowledgment: kind == .opening ? 0 : 1, flags: flags)
            if kind != .acknowledging { fields.maximumSegmentSize = Self.mss }
            fields.write(to: &bytes, between: addresses)
        case .sctp:
            writeChunk(to: &bytes)
            SCTPFields(
                sourcePort: sourcePort, destinationPort: destinationPort,
                verificationTag: verificationTag, payloadByteCount: chunkByteCount
            ).write(to: &bytes)
        default:
            UDPFields(
                sourcePort: sourcePort, destinationPort: destinationPort, payloadByteCount: 0
            ).write(to: &bytes, between: addresses)
        }
    }

    @_lifetime(bytes: copy bytes)
    private func writeChunk(to bytes: inout MutableRawSpan) {
        let start = SCTPFields.byteCount
        let type: UInt8 =
            switch kind {
            case .opening: 1
            case .accepting: 2
            case .acknowledging: 3
            }
        bytes.setU8(start, type)
        bytes.setU16(start + 2, UInt16(chunkByteCount))
        // Initiate tag or cumulative TSN, then the receiver window.
        bytes.setU32(start + 4, 1)
        bytes.setU32(start + 8, 65_535)
        guard kind != .acknowledging else { return }
        // One stream each way, and the first TSN.
        bytes.setU32(start + 12, 0x0001_0001)
        bytes.setU32(start + 16, 1)
    }
}

enum FlowPacket {
    /// A frame with `message` in an IP packet; nil when the addresses are of two families.
    static func frame(
        _ message: FlowMessage, from source: IPAddress, to destination: IPAddress,
        sourceMAC: MACAddress, destinationMAC: MACAddress
    ) -> [UInt8]? {
        let addresses: AddressPair
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            addresses = .v4(source: source, destination: destination)
        case (.v6(let source), .v6(let destination)):
            addresses = .v6(source: source, destination: destination)
        default: return nil
        }
        let headerByteCount = addresses.isIPv6 ? IPv6Fields.byteCount : IPv4Fields.byteCount
        let byteCount = EthernetFields.byteCount + headerByteCount + message.byteCount
        var frame = [UInt8](repeating: 0, count: byteCount)
        var bytes = frame.rawBytes(at: 0, count: byteCount)
        var network = bytes.tail(from: EthernetFields.byteCount)
        var transport = network.tail(from: headerByteCount)
        message.write(to: &transport, between: addresses)
        switch addresses {
        case .v4(let source, let destination):
            IPv4Fields(
                source: source, destination: destination, proto: message.proto,
                payloadByteCount: message.byteCount
            ).write(to: &network)
        case .v6(let source, let destination):
            IPv6Fields(
                source: source, destination: destination, nextHeader: message.proto,
                payloadByteCount: message.byteCount
            ).write(to: &network)
        }
        EthernetFields(
            destination: destinationMAC, source: sourceMAC,
            etherType: addresses.isIPv6 ? .ipv6 : .ipv4
        ).write(to: &bytes)
        return frame
    }

    /// What the task would answer to a frame delivered to it; nil where no answer is to be
    /// expected: fragments, ICMP, resets, what cannot be read.
    static func answer(to delivered: RawSpan) -> [UInt8]? {
        let sight = PacketSight(delivered)
        guard sight.hasPorts, !sight.isFragment, !sight.flags.contains(.rst),
            let source = sight.source, let destination = sight.destination,
            let link = LinkHeader(delivered)
        else { return nil }
        var message = FlowMessage(
            proto: sight.proto, kind: .acknowledging, sourcePort: sight.destinationPort,
            destinationPort: sight.sourcePort, verificationTag: 1)
        if sight.flags.contains(.syn) { message.kind = .accepting }
        let transport = delivered.from(sight.transport)
        if sight.proto == .sctp, SCTPHeader(transport)?.firstChunkType == .initiation {
            message.kind = .accepting
            // An INIT says which tag its sender wants to see.
            if transport.byteCount >= 20 { message.verificationTag = transport.u32(16) }
        }
        return frame(
            message, from: destination.unmapped, to: source.unmapped, sourceMAC: link.destination,
            destinationMAC: link.source)
    }
}
