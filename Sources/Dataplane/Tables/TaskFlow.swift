// A flow at its owner, from both sides: as the task sees it, and as the client does.
//
// Invariant: both have the same place in the flow table.

import Wire

/// A flow as the task sees it.
public struct TaskFlow: Hashable, Sendable {
    public var client: IPv6Address
    public var clientPort: Port
    public var targetPort: Port
    public var endpoint: EndpointIndex
    public var proto: IPProtocol

    public init(
        client: IPv6Address, clientPort: Port, targetPort: Port, endpoint: EndpointIndex,
        proto: IPProtocol
    ) {
        self.client = client
        self.clientPort = clientPort
        self.targetPort = targetPort
        self.endpoint = endpoint
        self.proto = proto
    }

    /// The endpoint and the client's port, and nothing in the lowest 16 bits.
    @inline(__always)
    var ends: UInt64 { Self.ends(endpoint, clientPort) }

    @inline(__always)
    static func ends(_ endpoint: EndpointIndex, _ clientPort: Port) -> UInt64 {
        UInt64(endpoint.rawValue) &<< 32 | UInt64(clientPort.rawValue) &<< 16
    }

    /// Where the flow stands in a table with this key. The task's port has no part in it: of a request
    /// it is not known before the service is asked for.
    @inline(__always)
    func hash(_ key: HashKey) -> UInt64 { Self.hash(client, ends, proto, key) }

    /// The same of the parts; `ends` must have nothing in the lowest 16 bits.
    @inline(__always)
    static func hash(
        _ client: IPv6Address, _ ends: UInt64, _ proto: IPProtocol, _ key: HashKey
    ) -> UInt64 {
        let low = FoldedMultiply.hash(client.low ^ UInt64(proto.rawValue) &<< 48, ends, key)
        return client.isIPv4Mapped ? low : FoldedMultiply.hash(client.high, low, key)
    }
}

/// A flow as its client sees it, and the task that its packets come to.
struct RequestFlow<Address: FlowAddress> {
    /// The client's, and the one it sends to.
    var addresses: Address.Pair
    /// As `TaskFlow.ends`, with the port that the client sends to in the lowest 16 bits.
    var ends: UInt64
    var proto: IPProtocol

    var client: Address { Address.first(of: addresses) }
    /// Where the client sends to.
    var address: Address { Address.second(of: addresses) }
    var clientPort: Port { Port(UInt16(truncatingIfNeeded: ends &>> 16)) }
    var port: Port { Port(UInt16(truncatingIfNeeded: ends)) }
    var endpoint: EndpointIndex {
        EndpointIndex(rawValue: UInt32(truncatingIfNeeded: ends &>> 32))
    }

    /// The flow as the task sees it.
    func seen(at target: Port) -> TaskFlow {
        TaskFlow(
            client: client.mapped, clientPort: clientPort, targetPort: target, endpoint: endpoint,
            proto: proto)
    }
}

/// What a reply needs.
public struct FlowOrigin: Hashable, Sendable {
    /// The address the client sent to.
    public var address: IPv6Address
    public var port: Port
    /// The node the flow's packets come in by.
    public var entry: NodeIndex
    /// The service it reached, for the counters.
    public var service: VirtualServiceIndex

    public init(
        address: IPv6Address, port: Port, entry: NodeIndex, service: VirtualServiceIndex
    ) {
        self.address = address
        self.port = port
        self.entry = entry
        self.service = service
    }
}
