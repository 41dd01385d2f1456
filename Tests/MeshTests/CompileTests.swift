// Goal: the programs of a cluster agree where they must and differ where they must. Method: every
// node's program held against the cluster it was compiled from.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct CompileTests {
    private func cluster() throws -> Cluster {
        var agent = ServiceSpecification("agent", publish: [PortSpecification(9100, 9101, .host)])
        agent.mode = .global
        agent.attachments = [ServiceSpecification.AttachmentSpecification(network: "front")]
        return try Cluster.assemble(
            .nodes(3).with(NetworkSpecification(name: "front"))
                .with(
                    ServiceSpecification(
                        "web", replicas: 4, publish: [PortSpecification(8080, 80)], on: ["front"]),
                    ServiceSpecification("probe", replicas: 2, on: ["front"]), agent))
    }

    @Test func `equal clusters compile to equal choices on every node`() throws {
        let cluster = try cluster()
        let programs = cluster.nodes.map { compile(cluster, for: $0.id, epoch: 7) }
        for (index, program) in programs.enumerated() {
            #expect(program.epoch == 7 && program.node == NodeIndex(index))
            #expect(
                program.endpoints == programs[0].endpoints && program.peers == programs[0].peers)
            #expect(program.services.services == programs[0].services.services)
            #expect(program.hashKey == programs[0].hashKey)
            let isSound = program.addresses.checkInvariants()
            #expect(isSound)
            for row in program.services.services {
                for slot in 0..<row.slotCount {
                    let endpoint = program.services.endpoint(at: slot, of: row)
                    let other = programs[0].services.endpoint(at: slot, of: row)
                    if endpoint != other { Issue.record("slot \(slot)") }
                }
            }
        }
    }

    @Test func `every address of the cluster leads to its owner`() throws {
        let cluster = try cluster()
        let compilation = Compilation(cluster)
        let program = compilation.program(for: NodeID(1))
        for node in cluster.nodes {
            let index = NodeIndex(node.id.rawValue)
            #expect(program.addresses.find(IPv6Address(node.vtep), in: .underlay) == .node(index))
            for address in node.addresses {
                #expect(program.addresses.find(IPv6Address(address), in: .clients) == .node(index))
            }
        }
        for task in cluster.tasks {
            for end in task.endpoints {
                let index = compilation.endpointIndex(task, on: end.network)
                let network = NetworkIndex(end.network.rawValue)
                let address = try #require(end.v4)
                let found = program.addresses.find(
                    IPv6Address(mapped: address), in: .network(network))
                #expect(found == .endpoint(index))
                #expect(program.addresses.find(IPv6Address(mapped: address), in: .clients) == nil)
                // Only the owner takes frames for its MAC.
                let isOwn = task.node == NodeID(1)
                let byMAC = program.addresses.find(end.mac, in: .mac(network))
                #expect(byMAC == (isOwn ? .endpoint(index) : nil))
                #expect(compilation.task(index) == task)
                #expect(program[index].identity == task.identity.rawValue)
            }
        }
    }

    @Test func `a service has a row on each of its networks, and both choose alike`() throws {
        let cluster = try cluster()
        let program = compile(cluster, for: NodeID(0))
        let rows = program.services.services.filter { $0.service == ServiceIndex(0) }
        #expect(rows.map(\.network) == [NetworkIndex(0), NetworkIndex(1)])
        for slot in 0..<rows[0].slotCount {
            let identities = rows.map { row in
                program.services.endpoint(at: slot, of: row).map { program[$0].identity }
            }
            if identities[0] == nil || identities[0] != identities[1] {
                Issue.record("slot \(slot)")
            }
        }
    }

    @Test func `host-mode ports are bound on the nodes that run a task`() throws {
        let cluster = try cluster()
        for node in cluster.nodes {
            let program = compile(cluster, for: node.id)
            let binding = try #require(program.ports.find(.tcp, Port(9100)))
            #expect(binding.target == Port(9101))
            let row = program.services[binding.service]
            let nodes = program.services.endpoints(of: row).map { program[$0].node }
            #expect(nodes == [NodeIndex(node.id.rawValue)])
        }
    }

    @Test func `tasks that are not running take no new flows, whatever the port's mode`() throws {
        var cluster = try cluster()
        for state in Mesh.Task.State.allCases where state != .running {
            for index in cluster.tasks.indices
            where cluster.tasks[index].slot == 1 || cluster.tasks[index].name == "agent.node1" {
                cluster.tasks[index].state = state
            }
            let program = compile(cluster, for: NodeID(0))
            let idle = Set(cluster.tasks.filter { $0.state != .running }.map(\.identity.rawValue))
            for row in program.services.services {
                let taking = Set(
                    (0..<row.slotCount).compactMap {
                        program.services.endpoint(at: $0, of: row).map { program[$0].identity }
                    })
                #expect(idle.isDisjoint(with: taking), "\(state) of service \(row.service)")
            }
        }
    }

    @Test func `weights shape the row`() throws {
        var specification = ClusterSpecification.nodes(2)
        var web = ServiceSpecification("web", replicas: 3, publish: [PortSpecification(8080, 80)])
        web.weights = [1, 2, 0]
        specification.services = [web]
        let cluster = try Cluster.assemble(specification)
        let program = compile(cluster, for: NodeID(0))
        let row = program.services.services[0]
        var shares: [UInt64: Int] = [:]
        for slot in 0..<row.slotCount {
            let endpoint = try #require(program.services.endpoint(at: slot, of: row))
            shares[program[endpoint].identity, default: 0] += 1
        }
        let counts = cluster.tasks.map { shares[$0.identity.rawValue, default: 0] }
        #expect(counts[2] == 0 && abs(counts[1] - 2 * counts[0]) <= 3, "\(counts)")
    }
}
