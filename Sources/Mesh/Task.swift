// A task: one backend of a service, on exactly one node, its owner.
// Invariant: `identity` depends on the name alone, so flow state survives every recompilation.

import Wire

public struct Task: Equatable, Sendable {
    public var id: TaskID
    public var identity: TaskIdentity
    public var service: ServiceID
    /// From 1. For a global service, the position of its node, from 1.
    public var slot: Int
    /// `<service>.<slot>`; for a global service `<service>.<node>`.
    public var name: String
    public var node: NodeID
    /// One per network with addresses, ingress first when the service publishes a port there.
    public var endpoints: [Endpoint]
    /// The share of new flows relative to the other tasks of the service; 0 takes none.
    public var weight: UInt32
    public var state: State

    public init(
        id: TaskID, service: ServiceID, slot: Int, name: String, node: NodeID,
        endpoints: [Endpoint], weight: UInt32 = 1, state: State = .running
    ) {
        self.id = id
        identity = TaskIdentity(taskName: name)
        self.service = service
        self.slot = slot
        self.name = name
        self.node = node
        self.endpoints = endpoints
        self.weight = weight
        self.state = state
    }

    public func endpoint(on network: NetworkID) -> Endpoint? {
        endpoints.first { $0.network == network }
    }

    /// The task's address and MAC on one network.
    public struct Endpoint: Equatable, Sendable {
        public var network: NetworkID
        public var v4: IPv4Address?
        public var v6: IPv6Address?
        public var mac: MACAddress

        public init(network: NetworkID, v4: IPv4Address?, v6: IPv6Address?, mac: MACAddress) {
            self.network = network
            self.v4 = v4
            self.v6 = v6
            self.mac = mac
        }
    }

    /// Swarm's task states that matter to traffic, in the order a task passes them.
    public enum State: String, Hashable, CaseIterable, Sendable {
        case pending, starting, running
        /// Keeps its flows, takes no new ones.
        case draining
        case shutdown, failed
    }
}

/// A task that no node would take.
public struct PendingTask: Equatable, Sendable {
    public var service: ServiceID
    public var slot: Int
    public var name: String
    public var endpoints: [Task.Endpoint]
    /// The scheduler's words, as Swarm says them.
    public var reason: String

    public init(
        service: ServiceID, slot: Int, name: String, endpoints: [Task.Endpoint], reason: String
    ) {
        self.service = service
        self.slot = slot
        self.name = name
        self.endpoints = endpoints
        self.reason = reason
    }
}
