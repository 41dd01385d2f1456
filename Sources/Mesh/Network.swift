// A network: an overlay with its VNI, or one that stays on a node. Invariants: an overlay has a
// VNI and at least one subnet; subnets of different networks never overlap; the ingress network is
// an overlay, comes first, and has a load-balancer endpoint on every node.

import Wire

public struct Network: Equatable, Sendable {
    public var id: NetworkID
    /// The full name, stack prefix included.
    public var name: String
    /// The key it was declared under, without the stack prefix.
    public var shortName: String
    public var driver: Driver
    /// The VXLAN network identifier (24 bits); nil unless an overlay.
    public var vni: UInt32?
    public var v4: Subnet<IPv4Prefix>?
    public var v6: Subnet<IPv6Prefix>?
    /// The largest IP packet a task may send on it, in bytes.
    public var mtu: Int
    public var isIngress: Bool
    public var isInternal: Bool
    public var isAttachable: Bool
    public var isEncrypted: Bool
    /// East-west direct server return, the bare overlay option `dsr`.
    public var isDirectReturn: Bool
    /// The load-balancer endpoints: on every node for ingress, else on nodes that run its tasks.
    public var balancers: [Balancer]

    public init(
        id: NetworkID, name: String, shortName: String, driver: Driver, vni: UInt32? = nil,
        v4: Subnet<IPv4Prefix>? = nil, v6: Subnet<IPv6Prefix>? = nil, mtu: Int = 1500,
        isIngress: Bool = false, isInternal: Bool = false, isAttachable: Bool = false,
        isEncrypted: Bool = false, isDirectReturn: Bool = false, balancers: [Balancer] = []
    ) {
        self.id = id
        self.name = name
        self.shortName = shortName
        self.driver = driver
        self.vni = vni
        self.v4 = v4
        self.v6 = v6
        self.mtu = mtu
        self.isIngress = isIngress
        self.isInternal = isInternal
        self.isAttachable = isAttachable
        self.isEncrypted = isEncrypted
        self.isDirectReturn = isDirectReturn
        self.balancers = balancers
    }

    public enum Driver: String, Hashable, CaseIterable, Sendable {
        case overlay, bridge, macvlan, ipvlan, host, none

        /// Whether tasks on it get addresses from us.
        public var hasAddresses: Bool { self != .host && self != .none }
    }

    /// The endpoint through which one node's load balancer speaks on the network.
    public struct Balancer: Equatable, Sendable {
        public var node: NodeID
        public var v4: IPv4Address?
        public var v6: IPv6Address?
        public var mac: MACAddress

        public init(node: NodeID, v4: IPv4Address?, v6: IPv6Address?, mac: MACAddress) {
            self.node = node
            self.v4 = v4
            self.v6 = v6
            self.mac = mac
        }
    }
}

/// A prefix with the gateway address inside it, and the range addresses are handed out from when
/// that is not all of it.
public struct Subnet<P: AddressPrefix>: Equatable, Sendable {
    public var prefix: P
    public var gateway: P.Address
    public var range: P?

    public init(prefix: P, gateway: P.Address, range: P? = nil) {
        self.prefix = prefix
        self.gateway = gateway
        self.range = range
    }
}
