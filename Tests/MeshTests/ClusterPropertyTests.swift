// Goal: whatever is declared, the outcome is an error or a cluster that keeps every invariant, and
// the same one each time. Method: seeded random declarations; clusters damaged on purpose, to show
// that the check can fail; identities against FNV-1a and fmix64 computed in Python.

import Mesh
import Testing
import Wire

@Suite struct ClusterPropertyTests {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `random declarations give clusters that keep the invariants`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let specification = ClusterSpecification.random(&random)
        do throws(MeshError) {
            let cluster = try Cluster.assemble(specification)
            #expect(throws: Never.self) { try cluster.checkInvariants() }
            let again = try Cluster.assemble(specification)
            #expect(again == cluster)
            let declared = cluster.services.reduce(0) { sum, service in
                if case .replicated(let count) = service.mode { sum + count } else { sum }
            }
            let replicas = (cluster.tasks.map(\.service) + cluster.pendingTasks.map(\.service))
                .count { cluster[$0].mode != .global }
            #expect(replicas == declared)
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `most random declarations are accepted`() {
        let accepted = (0..<200 as Range<UInt64>).count { seed in
            var random = SplitMix(seed: seed)
            return refusal(.random(&random)) == nil
        }
        #expect((100..<200).contains(accepted))
    }

    @Test func `a damaged cluster fails the check`() throws {
        let specification = ClusterSpecification.nodes(3)
            .with(NetworkSpecification(name: "net"))
            .with(
                ServiceSpecification(
                    "web", replicas: 3, publish: [PortSpecification(80, 80)], on: ["net"]))
        let cluster = try Cluster.assemble(specification)
        let damages: [(inout Cluster) -> Void] = [
            { $0.nodes[1].id = NodeID(0) },
            { $0.nodes[1].mac = $0.nodes[0].mac },
            { $0.nodes[1].vtep = $0.nodes[0].vtep },
            { $0.networks[1].vni = 4096 },
            { $0.networks[1].vni = nil },
            { $0.networks[1].v4 = $0.networks[0].v4 },
            { $0.networks[0].balancers.removeLast() },
            { $0.services[0].virtualAddresses[0].v4 = $0.networks[0].v4?.gateway },
            { $0.services[0].ports.append($0.services[0].ports[0]) },
            { $0.services[0].replicaCountMax = 2 },
            { $0.tasks[0].endpoints[0].v4 = $0.tasks[1].endpoints[0].v4 },
            { $0.tasks[0].endpoints[0].mac = $0.tasks[1].endpoints[0].mac },
            { $0.tasks[0].endpoints[0].v4 = IPv4Address(192, 0, 2, 1) },
            { $0.tasks[0].node = NodeID(3) },
            { $0.tasks[0].slot = 3 },
            { $0.tasks[0].name = $0.tasks[1].name },
        ]
        for damage in damages {
            var damaged = cluster
            damage(&damaged)
            #expect(throws: InvariantViolation.self) { try damaged.checkInvariants() }
        }
    }

    @Test(
        arguments: [
            ("web.1", 0x2136_d1bb_211b_4885),
            ("web.2", 0xf873_437f_5928_c289),
            ("demo_vote.10", 0x14f6_1293_aa49_4cb3),
            ("", 0xefd0_1f60_ba99_2926),
        ] as [(String, UInt64)])
    func `a task's identity is a function of its name`(name: String, value: UInt64) {
        #expect(TaskIdentity(taskName: name).rawValue == value)
    }

    @Test func `a task keeps its identity when others come and go`() throws {
        let web = ServiceSpecification("web", replicas: 4)
        let before = try Cluster.assemble(.nodes(2).with(web))
        let after = try Cluster.assemble(.nodes(3).with(ServiceSpecification("a"), web))
        #expect(before.tasks.map(\.identity) == after.tasks.dropFirst().map(\.identity))
    }
}
