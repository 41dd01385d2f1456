// The names of a mesh's addresses, as name-resolution records: Wireshark then shows `web.2` where
// the packets say 10.0.0.7. In the order of the cluster, so that files do not differ by chance.

import Capture
import Mesh
import Wire

enum NameDirectory {
    static func names(of cluster: Cluster) -> [ResolvedName] {
        var names: [ResolvedName] = []
        for node in cluster.nodes {
            for address in node.addresses { names.append(ResolvedName(address, node.name)) }
            if !node.addresses.contains(node.vtep) {
                names.append(ResolvedName(node.vtep, "vtep.\(node.name)"))
            }
        }
        for network in cluster.networks {
            for balancer in network.balancers {
                let owner = cluster[balancer.node].name
                add(balancer.v4, balancer.v6, "lb-\(network.name).\(owner)", to: &names)
            }
        }
        for service in cluster.services {
            for address in service.virtualAddresses {
                let network = cluster[address.network].name
                add(address.v4, address.v6, "\(service.name).\(network)", to: &names)
            }
        }
        for task in cluster.tasks {
            for endpoint in task.endpoints {
                let network = cluster[endpoint.network].name
                add(endpoint.v4, endpoint.v6, "\(task.name).\(network)", to: &names)
            }
        }
        return names
    }

    private static func add(
        _ v4: IPv4Address?, _ v6: IPv6Address?, _ name: String, to names: inout [ResolvedName]
    ) {
        if let v4 { names.append(ResolvedName(.v4(v4), name)) }
        if let v6 { names.append(ResolvedName(.v6(v6), name)) }
    }
}

extension ResolvedName {
    fileprivate init(_ address: IPAddress, _ name: String) {
        switch address {
        case .v4(let address): self.init(.ipv4(address.rawValue), name)
        case .v6(let address):
            self.init(.ipv6(UInt128(address.high) << 64 | UInt128(address.low)), name)
        }
    }
}
