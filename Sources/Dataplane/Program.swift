// The immutable, flat form of the cluster that one node's data plane runs.
//
// `Mesh.compile` makes it from the desired state; the data plane only reads it. Invariant: every
// index in it points into it, and two nodes' programs of one epoch choose the same endpoint for
// the same flow: they share key, services and slots, and differ in `node`, in host-mode bindings
// and in the MACs they own.

import Wire

/// How a reply travels from the owner to the client.
public enum ReplyPath: String, CaseIterable, Sendable {
    /// Back through the node it entered by; works on any underlay.
    case entry
    /// Straight from the owner: direct server return.
    case direct
}

/// A node as the others see it.
public struct Peer: Hashable, Sendable {
    /// Its underlay address.
    public var vtep: IPv6Address
    public var mac: MACAddress
    /// Its load-balancer endpoint on the ingress network: where replies to clients go back to.
    public var ingressMAC: MACAddress

    public init(vtep: IPv6Address, mac: MACAddress, ingressMAC: MACAddress) {
        self.vtep = vtep
        self.mac = mac
        self.ingressMAC = ingressMAC
    }
}

/// A network as one node sees it.
public struct OverlayNetwork: Hashable, Sendable {
    public var vni: UInt32
    /// The largest IP packet that fits, in bytes.
    public var mtu: Int
    /// This node's load-balancer endpoint on it: the source of what the node sends into it.
    public var balancerMAC: MACAddress
    /// Its addresses, which stand for a task that calls itself; nil where it has none.
    public var balancer4: IPv4Address?
    public var balancer6: IPv6Address?

    public init(
        vni: UInt32, mtu: Int, balancerMAC: MACAddress, balancer4: IPv4Address? = nil,
        balancer6: IPv6Address? = nil
    ) {
        self.vni = vni
        self.mtu = mtu
        self.balancerMAC = balancerMAC
        self.balancer4 = balancer4
        self.balancer6 = balancer6
    }

    /// The load balancer's address of one family, in the mapped form.
    func balancer(isIPv4: Bool) -> IPv6Address? {
        isIPv4 ? balancer4.map { IPv6Address(mapped: $0) } : balancer6
    }
}

/// One task's attachment to one network.
public struct Endpoint: Hashable, Sendable {
    /// Stable across programs.
    public var identity: UInt64
    public let node: NodeIndex
    public var network: NetworkIndex
    public var service: ServiceIndex
    public var mac: MACAddress
    public var address4: IPv4Address?
    public var address6: IPv6Address?

    public init(
        identity: UInt64, node: NodeIndex, network: NetworkIndex, service: ServiceIndex,
        mac: MACAddress, address4: IPv4Address?, address6: IPv6Address?
    ) {
        self.identity = identity
        self.node = node
        self.network = network
        self.service = service
        self.mac = mac
        self.address4 = address4
        self.address6 = address6
    }
}

public struct Program: Sendable {
    /// Grows with every change of the cluster: of two programs that differ and are run after each other,
    /// the later has the greater.
    public private(set) var epoch: UInt64
    /// The epoch since when every address and port leads to the same tasks' services as it does now.
    private(set) var addressEpoch: UInt64
    /// The node this program is for.
    public var node: NodeIndex
    /// The cluster's flow hash key.
    public let hashKey: HashKey
    public let vxlanPort: Port
    public var replyPath: ReplyPath
    /// Where the node sends what is for clients.
    public var routerMAC: MACAddress
    public let ingress: NetworkIndex
    public let peers: [Peer]
    public let networks: [OverlayNetwork]
    public private(set) var endpoints: [Endpoint]
    public var services = ServiceTable()
    public private(set) var addresses = AddressTable()
    /// This node's own among them.
    private var ownAddresses = AddressTable.FirstAddresses()
    public var ports = PortTable()
    /// By `NodeIndex`: the outer headers towards it; nil over IPv6.
    let tunnels: [TunnelHeader?]
    /// Whether there is none over IPv6.
    let hasAllTunnels: Bool
    /// The flow hash before the flow.
    let keyed: SipHash
    /// By `EndpointIndex`.
    private(set) var shortEndpoints: [ShortEndpoint]
    /// The node's own VTEP, zero over IPv6, and the port of VXLAN, as they lie in memory.
    let tunnelEnd: (address: UInt32, port: UInt16)
    /// The VXLAN header of the ingress network, as it lies in memory.
    let ingressVXLAN: UInt64
    /// Where tunnelled packets come from and who they are for.
    private(set) var arrivals: ArrivalTable
    /// Networks by VNI, ascending.
    let vnis: [(vni: UInt32, network: NetworkIndex)]

    public init(
        epoch: UInt64, node: NodeIndex, hashKey: HashKey, vxlanPort: Port, replyPath: ReplyPath,
        routerMAC: MACAddress, ingress: NetworkIndex, peers: [Peer], networks: [OverlayNetwork],
        endpoints: [Endpoint]
    ) {
        precondition(Int(node.rawValue) < peers.count && Int(ingress.rawValue) < networks.count)
        let own = peers[Int(node.rawValue)]
        tunnels = peers.map { peer in
            guard own.vtep.isIPv4Mapped, peer.vtep.isIPv4Mapped else { return nil }
            return TunnelHeader(
                sourceMAC: own.mac, destinationMAC: peer.mac, source: own.vtep.mappedIPv4,
                destination: peer.vtep.mappedIPv4, destinationPort: vxlanPort)
        }
        hasAllTunnels = !tunnels.contains(nil)
        shortEndpoints = endpoints.map {
            ShortEndpoint($0, on: networks[Int($0.network.rawValue)])
        }
        tunnelEnd = (
            own.vtep.isIPv4Mapped ? own.vtep.mappedIPv4.rawValue.bigEndian : 0,
            vxlanPort.rawValue.bigEndian
        )
        let vni = UInt64(networks[Int(ingress.rawValue)].vni)
        ingressVXLAN = (0x0800_0000_0000_0000 | vni << 8).bigEndian
        let tasks = endpoints.indices.map { (EndpointIndex($0), endpoints[$0]) }
        arrivals = ArrivalTable(
            peers, tasks.filter { $1.node == node && $1.network == ingress }, of: node)
        self.epoch = epoch
        addressEpoch = epoch
        self.node = node
        self.hashKey = hashKey
        keyed = SipHash(hashKey)
        self.vxlanPort = vxlanPort
        self.replyPath = replyPath
        self.routerMAC = routerMAC
        self.ingress = ingress
        self.peers = peers
        self.networks = networks
        self.endpoints = endpoints
        vnis = networks.indices.map { (networks[$0].vni, NetworkIndex($0)) }
            .sorted { $0.0 < $1.0 }
    }

    /// Gives it all addresses.
    public mutating func setAddresses(_ table: AddressTable) {
        addresses = table
        ownAddresses = table.firstAddresses(of: node)
    }

    /// Takes in a change. Costs what the change costs, unless another copy of the program is about,
    /// whose tables are copied then.
    public mutating func apply(_ change: ProgramChange) {
        epoch = change.epoch
        if !change.endpoints.isEmpty { addressEpoch = epoch }
        // All first, for one may take over another's address.
        for (index, _) in change.endpoints {
            let old = self[index]
            addresses.withdraw(old)
            guard old.node == node else { continue }
            addresses.remove(old.mac, in: .mac(old.network))
            if old.network == ingress { arrivals.remove(old.mac) }
        }
        for (index, endpoint) in change.endpoints {
            endpoints[Int(index.rawValue)] = endpoint
            shortEndpoints[Int(index.rawValue)] = ShortEndpoint(
                endpoint, on: self[endpoint.network])
            addresses.announce(endpoint, as: index)
            guard endpoint.node == node else { continue }
            addresses.insert(endpoint.mac, in: .mac(endpoint.network), .endpoint(index))
            if endpoint.network == ingress { arrivals.insert(endpoint.mac, index) }
        }
        for (service, slots) in change.rows { services.replaceSlots(of: service, with: slots) }
    }

    // Read in place: a stage that wants one field of an endpoint does not copy the rest.
    public subscript(_ index: EndpointIndex) -> Endpoint {
        @inline(__always) _read { yield endpoints[Int(index.rawValue)] }
    }
    public subscript(_ index: NetworkIndex) -> OverlayNetwork {
        @inline(__always) _read { yield networks[Int(index.rawValue)] }
    }
    public subscript(_ index: NodeIndex) -> Peer {
        @inline(__always) _read { yield peers[Int(index.rawValue)] }
    }
    /// This node as the others see it.
    public var own: Peer {
        @inline(__always) _read { yield peers[Int(node.rawValue)] }
    }

    /// Whether clients use an IPv4 address of some node, this one most likely.
    @inline(__always)
    func isNode(_ address: IPv4Address) -> Bool {
        ownAddresses.address4 == UInt64(address.rawValue)
            || addresses.isNode(address, near: node)
    }

    /// The same for IPv6; the address must not be an IPv4-mapped one.
    @inline(__always)
    func isNode(_ address: IPv6Address) -> Bool {
        ownAddresses.address6 == address || addresses.isNode(address, near: node)
    }

    /// The network with this VNI.
    @inline(__always)
    public func network(vni: UInt32) -> NetworkIndex? {
        // Published traffic, which is most of it, needs no search.
        self[ingress].vni == vni ? ingress : search(vni)
    }

    private func search(_ vni: UInt32) -> NetworkIndex? {
        var low = 0
        var high = vnis.count
        while low < high {
            let middle = (low + high) / 2
            if vnis[middle].vni < vni { low = middle + 1 } else { high = middle }
        }
        return low < vnis.count && vnis[low].vni == vni ? vnis[low].network : nil
    }
}
