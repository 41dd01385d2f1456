// What the operator declares about a service. Networks are named by their short name.
// Invariant: a specification holds no decision of ours: nil means "choose for me".

import Wire

public struct ServiceSpecification: Equatable, Sendable {
    public var name: String
    public var shortName: String
    public var image = ""
    public var mode = Service.Mode.replicated(1)
    public var endpointMode = Service.EndpointMode.vip
    public var ports: [PortSpecification] = []
    public var attachments: [AttachmentSpecification] = []
    /// Nil for twice the tasks, and no less than `MeshLimits.replicaCountMaxFloor`.
    public var replicaCountMax: Int?
    public var scheduler = Service.Scheduler.maglev
    public var constraints: [Constraint] = []
    /// Zero for no limit.
    public var maxReplicasPerNode = 0
    /// Weights by slot, from slot 1; slots past the end weigh 1.
    public var weights: [UInt32] = []
    public var labels: [Label] = []

    public init(name: String, shortName: String? = nil) {
        self.name = name
        self.shortName = shortName ?? name
    }

    public struct AttachmentSpecification: Equatable, Sendable {
        public var network: String
        public var aliases: [String]

        public init(network: String, aliases: [String] = []) {
            self.network = network
            self.aliases = aliases
        }
    }
}

public struct PortSpecification: Hashable, Sendable {
    public var name: String?
    /// Nil for one from the dynamic range.
    public var published: Port?
    public var target: Port
    public var proto: IPProtocol
    public var mode: PublishedPort.Mode

    public init(
        name: String? = nil, published: Port?, target: Port, proto: IPProtocol = .tcp,
        mode: PublishedPort.Mode = .ingress
    ) {
        self.name = name
        self.published = published
        self.target = target
        self.proto = proto
        self.mode = mode
    }
}
