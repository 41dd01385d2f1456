// What the short way knows of a frame that is for a task of this node, or from one, from when its headers
// were read until it is on its way. Sights of a stretch of frames lie beside each other, those of each family
// apart.
//
// Invariant: whatever has a sight, `parse` would read as the same packet, with nothing wrong; and a
// sight does not outlive its stretch.

import Wire

struct Sight<Address: FlowAddress>: Sendable {
    /// The flow table's hash of the flow.
    var flowHash: UInt64 = 0
    var client: Address
    /// Where the client had sent to.
    var address: Address
    /// As `TaskFlow.ports` has them.
    var ports: UInt64 = 0
    /// Length of the IP packet.
    var packetByteCount: UInt32 = 0
    var service = VirtualServiceIndex(rawValue: 0)
    var port = Port(0)
    /// The node that the packet came in by.
    var entry = NodeIndex(0)
    var proto = IPProtocol(rawValue: 0)
    /// As `ShortPacket` has it.
    var mark: UInt8 = 0
    /// As `ShortPacket` has it.
    var checksum: UInt8 = 0
    /// Of the IP header of a reply.
    var trafficClass: UInt8 = 0
    /// Of the frame, in the list.
    var position: UInt32 = 0

    init() {
        client = Address(mapped: IPv6Address(high: 0, low: 0))
        address = client
    }

    /// Notes a packet that belongs to a flow; the flow table's hash of it. What only a request or only a
    /// reply has is its loop's to note.
    @inline(__always)
    mutating func note<Header: ShortHeader>(
        _ packet: ShortPacket<Header>, _ position: Int, of flow: TaskFlow, _ key: HashKey
    ) -> UInt64 where Header.Address == Address {
        ports = flow.ports
        flowHash = flow.hash(key)
        packetByteCount = UInt32(truncatingIfNeeded: packet.header.packetByteCount)
        proto = packet.proto
        mark = packet.mark
        checksum = packet.checksum
        self.position = UInt32(truncatingIfNeeded: position)
        return flowHash
    }

    var byteCount: Int { Int(packetByteCount) }
    var endpoint: EndpointIndex {
        EndpointIndex(rawValue: UInt32(truncatingIfNeeded: ports &>> 32))
    }
    /// The port the task listens on.
    var target: Port { Port(UInt16(truncatingIfNeeded: ports)) }

    /// Whether it neither resets nor closes its flow: neither RST nor FIN, and of SCTP's chunks at
    /// least none that does.
    @inline(__always)
    var isPlain: Bool { mark & 5 == 0 }

    /// What the packet does to its flow.
    var event: FlowEvent {
        switch proto {
        case .udp: .datagram
        case .tcp: FlowEvent(TCPFlags(rawValue: mark))
        default: FlowEvent(SCTPChunkType(rawValue: mark))
        }
    }

    /// The flow as the task sees it.
    @inline(__always)
    var flow: TaskFlow {
        TaskFlow(
            client: client.mapped, clientPort: Port(UInt16(truncatingIfNeeded: ports &>> 16)),
            targetPort: target, endpoint: endpoint, proto: proto)
    }

    /// What its reply will need.
    @inline(__always)
    var origin: FlowOrigin {
        FlowOrigin(address: address.mapped, port: port, entry: entry, service: service)
    }
}

/// Which frames of a stretch have been seen and not been delivered, and what became of the others.
struct Seen {
    /// Sights in use, of either family.
    var count4 = 0
    var count6 = 0
    /// Of them, those that came out of a tunnel.
    var remoteCount = 0
    /// Frames wrapped for other nodes.
    var sentCount = 0
    /// Frames handed to clients.
    var handedCount = 0
    /// Whether they are replies; they are all requests or all replies.
    var areReplies = false

    var isEmpty: Bool { count4 | count6 | sentCount | handedCount == 0 }
}
