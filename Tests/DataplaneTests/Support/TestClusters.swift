// The clusters that tests run over, declared as an operator would.
//
// `standard` has three nodes, both families, and one service of each kind: `web` published for all
// three protocols and on the network `front`, `probe` on `front` only, `agent` with a host-mode
// port on every node, `empty` published without a task.

import Mesh
import Wire

extension ClusterSpecification {
    static func nodes(
        _ count: Int, isUnderlayIPv6: Bool = false
    ) -> ClusterSpecification {
        var specification = ClusterSpecification(name: "test")
        specification.settings.isIPv6Wanted = true
        for index in 0..<count {
            let last = UInt32(11 + index)
            let vtep4 = IPv4Address(rawValue: IPv4Address(198, 51, 100, 0).rawValue + last)
            let vtep6 = IPv6Address(high: 0x2001_0db8_0000_0002, low: UInt64(last))
            let client4 = IPv4Address(rawValue: IPv4Address(192, 0, 2, 0).rawValue + last)
            let client6 = IPv6Address(high: 0x2001_0db8_0000_0001, low: UInt64(last))
            specification.nodes.append(
                NodeSpecification(
                    name: "node\(index + 1)", vtep: isUnderlayIPv6 ? .v6(vtep6) : .v4(vtep4),
                    addresses: [.v4(client4), .v6(client6)]))
        }
        return specification
    }

    func with(_ services: ServiceSpecification...) -> ClusterSpecification {
        var copy = self
        copy.services += services
        return copy
    }

    func with(_ networks: NetworkSpecification...) -> ClusterSpecification {
        var copy = self
        copy.networks += networks
        return copy
    }

    static func standard(isUnderlayIPv6: Bool = false) -> ClusterSpecification {
        var front = NetworkSpecification(name: "front")
        front.isIPv6Enabled = true
        var agent = ServiceSpecification("agent", publish: [.init(9100, 9101, .tcp, .host)])
        agent.mode = .global
        return .nodes(3, isUnderlayIPv6: isUnderlayIPv6).with(front)
            .with(
                ServiceSpecification(
                    "web", replicas: 3,
                    publish: [.init(8080, 80), .init(5353, 53, .udp), .init(3868, 3869, .sctp)],
                    on: ["front"]),
                ServiceSpecification("probe", replicas: 3, on: ["front"]),
                agent,
                ServiceSpecification("empty", replicas: 0, publish: [.init(7070, 70)]))
    }
}

extension ServiceSpecification {
    init(
        _ name: String, replicas: Int = 1, publish ports: [PortSpecification] = [],
        on networks: [String] = []
    ) {
        self.init(name: name)
        mode = .replicated(replicas)
        self.ports = ports
        attachments = networks.map { AttachmentSpecification(network: $0) }
    }
}

extension PortSpecification {
    init(
        _ published: UInt16, _ target: UInt16, _ proto: IPProtocol = .tcp,
        _ mode: PublishedPort.Mode = .ingress
    ) {
        self.init(published: Port(published), target: Port(target), proto: proto, mode: mode)
    }
}

extension TestMesh {
    /// The standard cluster, changed or not.
    static func standard(
        isUnderlayIPv6: Bool = false, flowCount: Int = 256, flowCountMax: Int = 1 << 16,
        _ change: (inout ClusterSpecification) -> Void = { _ in }
    ) throws -> TestMesh {
        var specification = ClusterSpecification.standard(isUnderlayIPv6: isUnderlayIPv6)
        change(&specification)
        return TestMesh(
            try Cluster.assemble(specification), flowCount: flowCount, flowCountMax: flowCountMax)
    }
}
