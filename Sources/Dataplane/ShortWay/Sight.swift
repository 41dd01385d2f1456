// What the short way knows of a frame while it passes its stages: which way it goes, and what each
// stage found out for the next. Sights of a stretch of frames lie beside each other.
//
// Invariant: whatever has a sight, `parse` would read as the same packet, with nothing wrong; and a
// sight does not outlive its stretch.

import Wire

struct Sight: Sendable {
    /// Where the frame goes. The number's lowest bit says which family it is of, the others the way.
    enum Way: UInt8 {
        /// A client's packet to a published port, for a task on another node, as far as is known.
        case entry4, entry6
        /// The same, for a task of this node.
        case local4, local6
        /// A tunnelled packet, for a task of this node.
        case owner4, owner6

        @inline(__always) var isIPv4: Bool { rawValue & 1 == 0 }
        @inline(__always) var isEntry: Bool { rawValue < 2 }
        @inline(__always) var isLocal: Bool { rawValue & 6 == 2 }
        @inline(__always) var isOwner: Bool { rawValue >= 4 }
    }

    var way = Way.entry4
    var proto = IPProtocol(rawValue: 0)
    var trafficClass: UInt8 = 0
    /// Why it ends here, if it does.
    var drop: Drop?
    /// Both, the source port above.
    var ports: UInt32 = 0
    /// Length of the IP packet.
    var packetByteCount: UInt32 = 0
    var service = VirtualServiceIndex(rawValue: 0)
    var endpoint = EndpointIndex(rawValue: 0)
    var slot: UInt32 = 0
    /// The port the task listens on.
    var target = Port(0)
    /// As `ShortPacket` has it.
    var mark: UInt8 = 0
    /// At the entry the node that the packet is for, at the owner the one that it came in by.
    var node = NodeIndex(0)
    /// Of an IPv4 packet, and of an IPv6 one: the two are never asked for the other's.
    var source4 = IPv4Address(rawValue: 0)
    var destination4 = IPv4Address(rawValue: 0)
    var source6 = IPv6Address(high: 0, low: 0)
    var destination6 = IPv6Address(high: 0, low: 0)
    /// The mesh's hash of the flow.
    var hash: UInt64 = 0
    /// The flow table's hash of the flow.
    var flowHash: UInt64 = 0

    var sourcePort: Port { Port(UInt16(truncatingIfNeeded: ports >> 16)) }
    var destinationPort: Port { Port(UInt16(truncatingIfNeeded: ports)) }
    var byteCount: Int { Int(packetByteCount) }

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
    func flow<Header: ShortHeader>(_ family: Header.Type) -> TaskFlow {
        TaskFlow(
            client: Header.source(of: self).mapped, clientPort: sourcePort, targetPort: target,
            endpoint: endpoint, proto: proto)
    }

    /// What its reply will need.
    @inline(__always)
    func origin<Header: ShortHeader>(_ family: Header.Type) -> FlowOrigin {
        FlowOrigin(
            address: Header.destination(of: self).mapped, port: destinationPort, entry: node,
            service: service)
    }

    /// The decision that is noted with the frame: the owner takes none.
    @inline(__always)
    var choice: Choice {
        Choice(hash: hash, service: service, slot: slot, endpoint: endpoint, target: target)
    }
}
