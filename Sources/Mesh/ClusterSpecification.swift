// What the operator declares about a mesh and its networks, before anything is decided.
// Invariant: a specification holds no decision of ours: nil means "choose for me".

import Wire

public struct ClusterSpecification: Equatable, Sendable {
    public var name: String
    public var settings: ClusterSettings
    public var nodes: [NodeSpecification]
    /// The ingress network's subnets and the like, when not left to the allocator.
    public var ingress: NetworkSpecification
    public var networks: [NetworkSpecification]
    public var services: [ServiceSpecification]

    public init(
        name: String, settings: ClusterSettings = ClusterSettings(),
        nodes: [NodeSpecification] = [],
        ingress: NetworkSpecification = NetworkSpecification(name: "ingress"),
        networks: [NetworkSpecification] = [], services: [ServiceSpecification] = []
    ) {
        self.name = name
        self.settings = settings
        self.nodes = nodes
        self.ingress = ingress
        self.networks = networks
        self.services = services
    }
}

public struct NodeSpecification: Equatable, Sendable {
    public var name: String
    public var identifier: String?
    public var vtep: IPAddress
    public var addresses: [IPAddress]
    /// Nil for 02:42 and the last four bytes of the VTEP.
    public var mac: MACAddress?
    public var labels: [Label] = []
    public var role: Node.Role
    public var availability: Node.Availability = .active

    public init(
        name: String, vtep: IPAddress, addresses: [IPAddress], role: Node.Role = .worker
    ) {
        self.name = name
        self.vtep = vtep
        self.addresses = addresses
        self.role = role
    }
}

public struct NetworkSpecification: Equatable, Sendable {
    /// The full name; services refer to `shortName`.
    public var name: String
    public var shortName: String
    public var driver: Network.Driver = .overlay
    public var vni: UInt32?
    public var v4: SubnetSpecification<IPv4Prefix>?
    public var v6: SubnetSpecification<IPv6Prefix>?
    public var isIPv4Enabled = true
    public var isIPv6Enabled = false
    /// `com.docker.network.driver.mtu`: for an overlay, what the underlay carries.
    public var driverMTU: Int?
    public var isInternal = false
    public var isAttachable = false
    public var isEncrypted = false
    public var isDirectReturn = false

    public init(name: String, shortName: String? = nil) {
        self.name = name
        self.shortName = shortName ?? name
    }
}

/// A declared subnet, as one entry of `ipam.config`.
public struct SubnetSpecification<P: AddressPrefix>: Equatable, Sendable {
    public var prefix: P
    public var gateway: P.Address?
    /// Where addresses are handed out from, inside the prefix (`ip_range`).
    public var range: P?

    public init(prefix: P, gateway: P.Address? = nil, range: P? = nil) {
        self.prefix = prefix
        self.gateway = gateway
        self.range = range
    }
}
