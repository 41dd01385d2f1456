// Nodes: names, addresses and MACs are each one node's only, and all VTEPs are of one family,
// since a VXLAN packet cannot leave by one family and arrive by the other.
//
// A node that says no MAC gets one from its VTEP. An IPv6 VTEP has more bits than a MAC, so two may
// come to the same; the later node then takes another, which differs by the rest of its address.

import Wire

extension Cluster {
    static func assembleNodes(
        _ specifications: [NodeSpecification]
    ) throws(MeshError) -> [Node] {
        guard let first = specifications.first else { throw MeshError(.cluster, .noNodes) }
        try MeshLimits.check(
            count: specifications.count, "nodes", limit: MeshLimits.nodeCountMax, .cluster)
        var names: Set<String> = []
        var owners: [IPAddress: String] = [:]
        let declaredMACs = Set(specifications.compactMap(\.mac))
        var macs: [MACAddress: String] = [:]
        var nodes: [Node] = []
        for (index, specification) in specifications.enumerated() {
            let subject = MeshError.Subject.node(index)
            let mac =
                specification.mac
                ?? MACAddress(from: specification.vtep) { mac in
                    macs[mac] != nil || declaredMACs.contains(mac)
                }
            let node = Node(specification, id: NodeID(index), mac: mac)
            try MeshLimits.check(name: node.name, subject, mayHaveDots: true)
            guard names.insert(node.name).inserted else {
                throw MeshError(subject, .nameTaken(node.name))
            }
            guard node.vtep.isIPv4 == first.vtep.isIPv4 else {
                throw MeshError(subject, .underlayFamiliesMixed)
            }
            for address in [node.vtep] + node.addresses {
                guard address.isUnicast else { throw MeshError(subject, .unusableAddress(address)) }
                if let owner = owners.updateValue(node.name, forKey: address), owner != node.name {
                    throw MeshError(subject, .addressTaken(address, by: "node '\(owner)'"))
                }
            }
            guard !node.mac.isGroup else { throw MeshError(subject, .groupMAC(node.mac)) }
            if let owner = macs.updateValue(node.name, forKey: node.mac) {
                throw MeshError(subject, .macTaken(node.mac, by: "node '\(owner)'"))
            }
            nodes.append(node)
        }
        return nodes
    }
}

extension Node {
    fileprivate init(_ specification: NodeSpecification, id: NodeID, mac: MACAddress) {
        self.init(
            id: id, name: specification.name, identifier: specification.identifier,
            vtep: specification.vtep, addresses: specification.addresses,
            mac: mac,
            labels: specification.labels, role: specification.role,
            availability: specification.availability)
    }
}

extension IPAddress {
    public var isIPv4: Bool { if case .v4 = self { true } else { false } }

    /// Neither unspecified, nor multicast, nor the limited broadcast address.
    var isUnicast: Bool {
        switch self {
        case .v4(let address): address.rawValue != 0 && address.rawValue < 0xe000_0000
        case .v6(let address):
            (address.high, address.low) != (0, 0) && address.high >> 56 != 0xff
        }
    }
}

extension MACAddress {
    /// 02:42 and the four bytes of an IPv4 address, as libnetwork makes them.
    init(from address: IPv4Address) { self.init(lastBytes: address.rawValue) }

    /// 02:42 and the last four bytes of an IPv6 address: ours, since libnetwork has no rule.
    init(from address: IPv6Address) { self.init(lastBytes: UInt32(address.low & 0xffff_ffff)) }

    /// A VTEP's, one that is not taken where the address leaves a choice: of an IPv6 address all
    /// four words are folded into the last four bytes, and counted up from there.
    fileprivate init(from vtep: IPAddress, isTaken: (MACAddress) -> Bool) {
        switch vtep {
        case .v4(let address): self.init(from: address)
        case .v6(let address):
            self.init(from: address)
            let halves = address.high ^ address.low
            var bytes = UInt32(truncatingIfNeeded: halves >> 32 ^ halves)
            // Ends: there are fewer nodes than numbers to count through.
            while isTaken(self) {
                self.init(lastBytes: bytes)
                bytes &+= 1
            }
        }
    }

    private init(lastBytes: UInt32) { self.init(rawValue: 0x0242 << 32 | UInt64(lastBytes)) }
}
