// Networks: VNIs, subnets, gateways and MTUs.
//
// VNIs count up from 4096, ingress first. Subnets: ingress takes the first of the pools, then
// declared subnets are honoured, then the rest are cut from the pools, first gap first. The IPv6
// subnet of an overlay is fd77:6566:74VV:VVVV::/64, where VV:VVVV is its VNI: a unique local
// prefix (RFC 4193) whose fixed part spells "weft", the same on every node without asking anyone.

import Wire

extension Cluster {
    static func assembleNetworks(
        _ specification: ClusterSpecification, nodes: [Node]
    ) throws(MeshError) -> [Network] {
        try MeshLimits.check(
            count: specification.networks.count, "networks", limit: MeshLimits.networkCountMax,
            .cluster
        )
        var builder = NetworkBuilder(specification, nodes: nodes)
        try builder.checkNames()
        try builder.assignVNIs()
        try builder.assignSubnets()
        for index in builder.networks.indices { try builder.assignMTU(index) }
        return builder.networks
    }
}

/// Networks in the making; index 0 is ingress, index `i` the declared network `i - 1`.
private struct NetworkBuilder {
    var networks: [Network] = []
    private let declared: [NetworkSpecification]
    private let settings: ClusterSettings
    private let isUnderlayIPv4: Bool
    private var table4 = PrefixTable<IPv4Prefix>()
    private var table6 = PrefixTable<IPv6Prefix>()

    init(_ specification: ClusterSpecification, nodes: [Node]) {
        var ingress = specification.ingress
        let hasIPv6Client = nodes.contains { $0.addresses.contains { !$0.isIPv4 } }
        if hasIPv6Client || specification.settings.isIPv6Wanted { ingress.isIPv6Enabled = true }
        ingress.driver = .overlay
        // The first network of a swarm, there before anything else is declared.
        ingress.vni = ingress.vni ?? MeshLimits.vniFirst
        declared = [ingress] + specification.networks
        settings = specification.settings
        isUnderlayIPv4 = nodes.first?.vtep.isIPv4 ?? true
        for (index, network) in declared.enumerated() {
            networks.append(Network(network, id: NetworkID(index), isIngress: index == 0))
        }
        for node in nodes {
            for address in [node.vtep] + node.addresses { reserve(address, of: node) }
        }
    }

    /// A subnet that contained a node's address would make that node unreachable.
    private mutating func reserve(_ address: IPAddress, of node: Node) {
        let owner = "node '\(node.name)' (\(address))"
        switch address {
        case .v4(let address):
            if let host = IPv4Prefix(address, length: 32) { table4.insert(host, owner: owner) }
        case .v6(let address):
            if let host = IPv6Prefix(address, length: 128) { table6.insert(host, owner: owner) }
        }
    }

    private func subject(_ index: Int) -> MeshError.Subject {
        index == 0 ? .ingress : .network(index - 1)
    }

    func checkNames() throws(MeshError) {
        var names: Set<String> = []
        var shortNames: Set<String> = []
        for (index, network) in networks.enumerated() {
            try MeshLimits.check(name: network.name, subject(index))
            guard names.insert(network.name).inserted,
                shortNames.insert(network.shortName).inserted
            else { throw MeshError(subject(index), .nameTaken(network.name)) }
        }
    }

    /// Declared identifiers first, then the rest upward from 4096 past those taken.
    mutating func assignVNIs() throws(MeshError) {
        var owners: [UInt32: String] = [:]
        for (index, network) in declared.enumerated() {
            guard let vni = network.vni else { continue }
            guard network.driver == .overlay else {
                throw MeshError(subject(index), .vniWithoutOverlay)
            }
            try MeshLimits.check(
                Int(vni), "the VNI", in: 1...Int(MeshLimits.vniLast), subject(index))
            if let owner = owners.updateValue(network.name, forKey: vni) {
                throw MeshError(subject(index), .vniTaken(vni, by: "network '\(owner)'"))
            }
            networks[index].vni = vni
        }
        var next = MeshLimits.vniFirst
        for index in networks.indices
        where networks[index].driver == .overlay && networks[index].vni == nil {
            while owners[next] != nil { next += 1 }
            guard next <= MeshLimits.vniLast else { throw MeshError(subject(index), .noMoreVNIs) }
            networks[index].vni = next
            next += 1
        }
    }

    mutating func assignSubnets() throws(MeshError) {
        var overlays = SubnetAllocator(pools: settings.pools)
        var locals = SubnetAllocator(pools: SubnetPool.local)
        if declared[0].v4 == nil { try assignAutomatic(0, &overlays) }
        for index in networks.indices {
            if let v4 = declared[index].v4 {
                networks[index].v4 = try claim(v4, index, &table4)
            }
            if let v6 = declared[index].v6 {
                networks[index].v6 = try claim(v6, index, &table6)
            }
        }
        for index in networks.indices where networks[index].driver.hasAddresses {
            let isOverlay = networks[index].driver == .overlay
            if networks[index].v4 == nil, isOverlay { try assignAutomatic(index, &overlays) }
            if networks[index].v4 == nil, !isOverlay { try assignAutomatic(index, &locals) }
            if networks[index].v6 == nil { try assignAutomaticIPv6(index) }
            guard networks[index].v4 != nil || networks[index].v6 != nil else {
                throw MeshError(subject(index), .noSubnet)
            }
        }
    }

    private mutating func assignAutomatic(
        _ index: Int, _ allocator: inout SubnetAllocator
    ) throws(MeshError) {
        guard declared[index].isIPv4Enabled else { return }
        guard let prefix = allocator.allocate(beside: table4) else {
            throw MeshError(subject(index), .noMoreSubnets)
        }
        networks[index].v4 = try claim(
            SubnetSpecification(prefix: prefix), index, &table4)
    }

    private mutating func assignAutomaticIPv6(_ index: Int) throws(MeshError) {
        guard declared[index].isIPv6Enabled else { return }
        guard let vni = networks[index].vni else {
            throw MeshError(subject(index), .noAutomaticIPv6)
        }
        let address = IPv6Address(high: 0xfd77_6566_7400_0000 | UInt64(vni), low: 0)
        guard let prefix = IPv6Prefix(address, length: 64) else { return }
        networks[index].v6 = try claim(
            SubnetSpecification(prefix: prefix), index, &table6)
    }

    /// Takes the prefix if nobody has part of it, with its gateway: the declared one or the first
    /// address that can be handed out.
    private func claim<P: AddressPrefix>(
        _ subnet: SubnetSpecification<P>, _ index: Int, _ table: inout PrefixTable<P>
    ) throws(MeshError) -> Subnet<P> {
        let text = subnet.prefix.description
        guard subnet.prefix.isForHosts else {
            throw MeshError(subject(index), .hostlessSubnet(text))
        }
        if let owner = table.owner(overlapping: subnet.prefix) {
            throw MeshError(subject(index), .poolOverlap(subnet: text, other: owner))
        }
        if let range = subnet.range,
            range.length < subnet.prefix.length || !subnet.prefix.contains(range.address)
        {
            let reason = MeshError.Reason.outsideSubnet(
                what: "range", address: range.description, subnet: text)
            throw MeshError(subject(index), reason)
        }
        table.insert(subnet.prefix, owner: "\(text) of network '\(networks[index].name)'")
        var pool = AddressPool(prefix: subnet.prefix, range: subnet.range)
        guard let gateway = subnet.gateway ?? pool.allocate() else {
            let reason = MeshError.Reason.noAvailableAddress(what: "the gateway", subnet: text)
            throw MeshError(subject(index), reason)
        }
        guard pool.isUsable(gateway) else {
            let reason = MeshError.Reason.outsideSubnet(
                what: "gateway", address: gateway.description, subnet: text)
            throw MeshError(subject(index), reason)
        }
        return Subnet(prefix: subnet.prefix, gateway: gateway, range: subnet.range)
    }

    /// VXLAN costs 50 bytes over IPv4 and 70 over IPv6; encryption 26 more, then down to a
    /// multiple of four, so that ESP needs no padding.
    mutating func assignMTU(_ index: Int) throws(MeshError) {
        let network = networks[index]
        var mtu = declared[index].driverMTU ?? MeshLimits.ethernetMTU
        if network.driver == .overlay {
            mtu = (declared[index].driverMTU ?? settings.underlayMTU) - (isUnderlayIPv4 ? 50 : 70)
            if network.isEncrypted { mtu = (mtu - 26) & ~3 }
        }
        let least = network.v6 == nil ? MeshLimits.ipv4MTUMin : MeshLimits.ipv6MTUMin
        try MeshLimits.check(
            mtu, "the MTU that is left to the network", in: least...MeshLimits.mtuMax,
            subject(index))
        networks[index].mtu = mtu
    }
}

extension Network {
    fileprivate init(_ specification: NetworkSpecification, id: NetworkID, isIngress: Bool) {
        self.init(
            id: id, name: specification.name, shortName: specification.shortName,
            driver: specification.driver, isIngress: isIngress,
            isInternal: specification.isInternal, isAttachable: specification.isAttachable,
            isEncrypted: specification.isEncrypted, isDirectReturn: specification.isDirectReturn)
    }
}
