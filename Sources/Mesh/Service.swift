// A service: a name, a virtual address per network, published ports, and how many tasks stand
// behind them. Invariant: a service in `vip` mode has one virtual address per overlay it is
// attached to, the ingress network included when it publishes a port there; in `dnsrr` mode none.

import Wire

public struct Service: Equatable, Sendable {
    public var id: ServiceID
    /// The full name, `<stack>_<name>`.
    public var name: String
    /// The key it was declared under.
    public var shortName: String
    public var image: String
    public var mode: Mode
    public var endpointMode: EndpointMode
    public var virtualAddresses: [VirtualAddress]
    public var ports: [PublishedPort]
    /// The declared networks it is attached to, in order; never ingress.
    public var attachments: [Attachment]
    /// The declared bound on its tasks, which fixes the size of its hash table.
    public var replicaCountMax: Int
    public var scheduler: Scheduler
    public var constraints: [Constraint]
    /// Zero for no limit.
    public var maxReplicasPerNode: Int
    public var labels: [Label]

    public init(
        id: ServiceID, name: String, shortName: String, image: String = "",
        mode: Mode = .replicated(1), endpointMode: EndpointMode = .vip,
        virtualAddresses: [VirtualAddress] = [], ports: [PublishedPort] = [],
        attachments: [Attachment] = [], replicaCountMax: Int = MeshLimits.replicaCountMaxFloor,
        scheduler: Scheduler = .maglev, constraints: [Constraint] = [],
        maxReplicasPerNode: Int = 0, labels: [Label] = []
    ) {
        self.id = id
        self.name = name
        self.shortName = shortName
        self.image = image
        self.mode = mode
        self.endpointMode = endpointMode
        self.virtualAddresses = virtualAddresses
        self.ports = ports
        self.attachments = attachments
        self.replicaCountMax = replicaCountMax
        self.scheduler = scheduler
        self.constraints = constraints
        self.maxReplicasPerNode = maxReplicasPerNode
        self.labels = labels
    }

    public enum Mode: Hashable, Sendable {
        case replicated(Int)
        /// One task on every node that satisfies the constraints.
        case global
    }

    public enum EndpointMode: String, Hashable, CaseIterable, Sendable {
        case vip, dnsrr
    }

    /// How a task is chosen. The stateless hash is the mesh's own; the rest of the list is what
    /// IPVS mode will add.
    public enum Scheduler: String, Hashable, CaseIterable, Sendable {
        case maglev
    }

    /// The service's address on one network.
    public struct VirtualAddress: Equatable, Sendable {
        public var network: NetworkID
        public var v4: IPv4Address?
        public var v6: IPv6Address?

        public init(network: NetworkID, v4: IPv4Address?, v6: IPv6Address?) {
            self.network = network
            self.v4 = v4
            self.v6 = v6
        }
    }

    /// A network the service is on, with the extra names it answers to there.
    public struct Attachment: Equatable, Sendable {
        public var network: NetworkID
        public var aliases: [String]

        public init(network: NetworkID, aliases: [String] = []) {
            self.network = network
            self.aliases = aliases
        }
    }
}
