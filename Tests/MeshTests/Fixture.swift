// Small declared clusters for the tests of this target, written as one would say them.
// Each leaves to the allocator whatever its test does not speak of.

import Mesh
import Testing
import Wire

extension ClusterSpecification {
    /// `count` nodes: node1 with VTEP 198.51.100.11 and client address 192.0.2.11, and so on.
    static func nodes(_ count: Int) -> ClusterSpecification {
        var specification = ClusterSpecification(name: "test")
        for index in 0..<count {
            let last = UInt32(11 + index)
            specification.nodes.append(
                NodeSpecification(
                    name: "node\(index + 1)",
                    vtep: .v4(IPv4Address(rawValue: IPv4Address(198, 51, 100, 0).rawValue + last)),
                    addresses: [
                        .v4(IPv4Address(rawValue: IPv4Address(192, 0, 2, 0).rawValue + last))
                    ]))
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
}

extension ServiceSpecification {
    init(
        _ name: String, replicas: Int = 1, publish ports: [PortSpecification] = [],
        on networks: [String] = [], where constraints: [Constraint] = []
    ) {
        self.init(name: name)
        mode = .replicated(replicas)
        self.ports = ports
        attachments = networks.map { AttachmentSpecification(network: $0) }
        self.constraints = constraints
    }
}

extension PortSpecification {
    init(_ published: UInt16?, _ target: UInt16, _ mode: PublishedPort.Mode = .ingress) {
        self.init(published: published.map { Port($0) }, target: Port(target), mode: mode)
    }
}

/// The error that assembling ends in, nil when it ends well.
func refusal(_ specification: ClusterSpecification) -> MeshError? {
    do throws(MeshError) {
        _ = try Cluster.assemble(specification)
        return nil
    } catch {
        return error
    }
}

/// The prefix a test writes down.
func prefix(_ text: String) throws -> IPv4Prefix {
    try #require(IPv4Prefix(text))
}
