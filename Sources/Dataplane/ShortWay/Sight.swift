// What the short way knows of a frame that is for a task of this node, or from one, from when its headers
// were read until it is on its way. Sights of a stretch of frames lie beside each other, those of each family
// apart.
//
// Invariant: whatever has a sight, `parse` would read as the same packet, with nothing wrong but perhaps the
// addresses of what came through a tunnel; and a sight does not outlive its stretch.

import Wire

struct Sight<Address: FlowAddress>: Sendable {
    /// The flow table's hash of the flow.
    var flowHash: UInt64 = 0
    /// The client's, and of a request the one that it was sent to.
    var addresses: Address.Pair
    /// As `TaskFlow.ends`, with the destination port of a request or the source port of a reply in the
    /// lowest 16 bits.
    var ends: UInt64 = 0
    /// Length of the IP packet.
    var packetByteCount: UInt32 = 0
    /// Of the frame, in the list.
    var position: UInt32 = 0
    /// The node that the packet came in by.
    var entry = NodeIndex(0)
    var proto = IPProtocol(rawValue: 0)
    /// What the packet does to its flow.
    var event = FlowEvent.datagram
    /// As `ShortPacket` has it.
    var checksum: UInt8 = 0
    /// Of the IP header of a reply.
    var trafficClass: UInt8 = 0

    init() {
        let none = Address(mapped: IPv6Address(high: 0, low: 0))
        addresses = Address.pair(none, none)
    }

    /// Notes a request for a task, with its addresses; the flow table's hash of its flow.
    @inline(__always)
    mutating func note<Header: ShortHeader>(
        _ packet: ShortPacket<Header>, _ addresses: Address.Pair, _ position: Int,
        for endpoint: EndpointIndex, entry: NodeIndex, _ key: HashKey
    ) -> UInt64 where Header.Address == Address {
        self.addresses = addresses
        self.entry = entry
        let ends = TaskFlow.ends(endpoint, packet.sourcePort)
        self.ends = ends | UInt64(packet.destinationPort.rawValue)
        let client = packet.header.source.mapped
        return note(packet, position, TaskFlow.hash(client, ends, packet.proto, key))
    }

    /// Notes a packet that a task sends; the flow table's hash of its flow.
    @inline(__always)
    mutating func note<Header: ShortHeader>(
        _ packet: ShortPacket<Header>, _ position: Int, from endpoint: EndpointIndex,
        _ key: HashKey
    ) -> UInt64 where Header.Address == Address {
        let client = packet.header.destination
        addresses = Address.pair(client, client)
        trafficClass = packet.header.trafficClass
        let ends = TaskFlow.ends(endpoint, packet.destinationPort)
        self.ends = ends | UInt64(packet.sourcePort.rawValue)
        return note(packet, position, TaskFlow.hash(client.mapped, ends, packet.proto, key))
    }

    @inline(__always)
    private mutating func note<Header: ShortHeader>(
        _ packet: ShortPacket<Header>, _ position: Int, _ hash: UInt64
    ) -> UInt64 where Header.Address == Address {
        flowHash = hash
        packetByteCount = UInt32(truncatingIfNeeded: packet.header.packetByteCount)
        proto = packet.proto
        event = packet.event
        checksum = packet.checksum
        self.position = UInt32(truncatingIfNeeded: position)
        return hash
    }

    var byteCount: Int { Int(packetByteCount) }
    var endpoint: EndpointIndex {
        EndpointIndex(rawValue: UInt32(truncatingIfNeeded: ends &>> 32))
    }

    /// The flow of a request.
    @inline(__always)
    var request: RequestFlow<Address> {
        RequestFlow(addresses: addresses, ends: ends, proto: proto)
    }

    /// The flow that a packet of a task would be a reply of.
    @inline(__always)
    var reply: TaskFlow { request.seen(at: request.port) }
}

/// Sights of one family, one for each frame of the longest stretch. In place, for whether an array is
/// shared would have to be asked for each batch.
typealias StretchSights<Address: FlowAddress> = InlineArray<128, Sight<Address>>

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
