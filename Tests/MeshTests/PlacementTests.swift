// Goal: tasks land where Swarm's spread strategy puts them, and a task that nobody takes carries
// the scheduler's sentence. Method: small clusters, places worked out by hand.

import Mesh
import Testing
import Wire

@Suite struct PlacementTests {
    private func places(_ specification: ClusterSpecification) throws -> [String] {
        let cluster = try Cluster.assemble(specification)
        try cluster.checkInvariants()
        return cluster.tasks.map { "\($0.name)@\($0.node.rawValue + 1)" }
    }

    private func reasons(_ specification: ClusterSpecification) throws -> [String] {
        try Cluster.assemble(specification).pendingTasks.map { "\($0.name): \($0.reason)" }
    }

    @Test func `replicas spread, fewest of the service first, then fewest of all`() throws {
        let specification = ClusterSpecification.nodes(3).with(
            ServiceSpecification("a", replicas: 2), ServiceSpecification("b", replicas: 2),
            ServiceSpecification("c", replicas: 4))
        #expect(
            try places(specification) == [
                "a.1@1", "a.2@2", "b.1@3", "b.2@1", "c.1@2", "c.2@3", "c.3@1", "c.4@2",
            ])
    }

    @Test func `drained and paused nodes take nothing`() throws {
        var specification = ClusterSpecification.nodes(3).with(
            ServiceSpecification("a", replicas: 2))
        specification.nodes[0].availability = .drain
        specification.nodes[1].availability = .pause
        #expect(try places(specification) == ["a.1@3", "a.2@3"])
        specification.nodes[2].availability = .drain
        #expect(
            try reasons(specification).first
                == "a.1: no suitable node (3 nodes not available for new tasks)")
    }

    @Test func `a constraint nobody meets leaves the task pending with its address`() throws {
        let east = Constraint(key: "node.labels.zone", isEqual: true, value: "east")
        let web = ServiceSpecification(
            "web", publish: [PortSpecification(80, 80)], where: [east])
        let cluster = try Cluster.assemble(.nodes(3).with(web))
        let task = try #require(cluster.pendingTasks.first)
        #expect(
            task.reason == "no suitable node (scheduling constraints not satisfied on 3 nodes)")
        #expect(task.endpoints.map(\.v4) == [IPv4Address(10, 0, 0, 6)])
    }

    @Test func `host-mode ports keep tasks apart, also those of other services`() throws {
        let first = ServiceSpecification(
            "a", replicas: 2, publish: [PortSpecification(9100, 9100, .host)])
        let second = ServiceSpecification(
            "b", replicas: 2, publish: [PortSpecification(9100, 80, .host)])
        let specification = ClusterSpecification.nodes(3).with(first, second)
        #expect(try places(specification) == ["a.1@1", "a.2@2", "b.1@3"])
        #expect(
            try reasons(specification)
                == ["b.2: no suitable node (host-mode port already in use on 3 nodes)"])
    }

    @Test func `replicas per node are limited`() throws {
        var web = ServiceSpecification("web", replicas: 3)
        web.maxReplicasPerNode = 1
        #expect(try places(.nodes(2).with(web)) == ["web.1@1", "web.2@2"])
        #expect(
            try reasons(.nodes(2).with(web))
                == ["web.3: no suitable node (max replicas per node limit exceed)"])
    }

    @Test func `a global service runs once on every node that may have it`() throws {
        var agent = ServiceSpecification(
            "agent", where: [Constraint(key: "node.hostname", isEqual: false, value: "node2")])
        agent.mode = .global
        #expect(try places(.nodes(3).with(agent)) == ["agent.node1@1", "agent.node3@3"])
        #expect(try reasons(.nodes(3).with(agent)).isEmpty)
    }

    @Test(arguments: [
        ("node.hostname == NODE1", true), ("node.hostname != node1", false),
        ("node.id==node1", true), ("NODE.ROLE == worker", true), ("node.role != worker", false),
        ("node.labels.zone == East", true), ("node.labels.Zone == east", false),
        ("node.labels.none != x", true), ("node.labels.none == x", false),
        ("engine.labels.x != y", true), ("node.ip == 192.0.2.11", true),
        ("node.ip == 192.0.2.0/24", true), ("node.ip != 192.0.2.0/24", false),
        ("node.ip == 2001:db8::/32", false), ("node.ip != nonsense", false),
        ("node.platform.os == linux", true), ("node.colour == red", false),
        ("node.colour != red", false),
    ])
    func `a constraint matches as swarmkit's do`(text: String, expected: Bool) throws {
        var specification = ClusterSpecification.nodes(1)
        specification.nodes[0].labels = [Label("zone", "east")]
        let node = try Cluster.assemble(specification).nodes[0]
        #expect(try Constraint(parsing: text).matches(node) == expected)
    }

    @Test func `text that is not a constraint is refused`() {
        #expect(throws: ConstraintError.noOperator("a = b")) { try Constraint(parsing: "a = b") }
        #expect(throws: ConstraintError.invalidKey("1a")) { try Constraint(parsing: "1a == b") }
        #expect(throws: ConstraintError.invalidKey("")) { try Constraint(parsing: "== b") }
        #expect(throws: ConstraintError.invalidValue("")) { try Constraint(parsing: "node.id ==") }
    }
}
