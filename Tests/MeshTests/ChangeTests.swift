// Goal: a change of one task, taken into programs in place, leaves them as if the changed cluster had
// been compiled anew. Method: random clusters and random changes; after each, every endpoint, row,
// address and port of the two programs is compared, in the copy that runs and in the spare one.

import Dataplane
import Mesh
import Testing
import Wire

@Suite struct ChangeTests {
    /// A task as it may become: another weight, state, node or address. Addresses are taken from the
    /// task itself, one higher in a range that nobody else has.
    private func changed(
        _ task: Mesh.Task, _ nodeCount: Int, _ random: inout SplitMix
    ) -> Mesh.Task {
        var task = task
        switch random.next() % 4 {
        case 0: task.weight = UInt32(random.next() % 4)
        case 1: task.state = .allCases.randomElement(using: &random) ?? .running
        case 2: task.node = NodeID(Int(random.next() % UInt64(nodeCount)))
        default:
            for index in task.endpoints.indices {
                let end = task.endpoints[index]
                task.endpoints[index].v4 = end.v4.map {
                    IPv4Address(rawValue: $0.rawValue ^ 0xa000_0000)
                }
                task.endpoints[index].v6 = end.v6.map {
                    IPv6Address(high: $0.high ^ 1 << 40, low: $0.low)
                }
                task.endpoints[index].mac = MACAddress(rawValue: end.mac.rawValue ^ 0x10_0000_0000)
            }
        }
        return task
    }

    /// Whether two programs do the same with every packet.
    private func expectEqual(_ program: Program, _ fresh: Program, _ cluster: Cluster) {
        #expect(program.endpoints == fresh.endpoints)
        #expect(program.addresses.count == fresh.addresses.count)
        let isSound = program.addresses.checkInvariants()
        #expect(isSound)
        for (index, end) in fresh.endpoints.enumerated() {
            let target = AddressTarget.endpoint(EndpointIndex(index))
            let scope = AddressScope.network(end.network)
            for address in [end.address4.map { IPv6Address(mapped: $0) }, end.address6] {
                guard let address else { continue }
                #expect(program.addresses.find(address, in: scope) == target)
            }
            let mac = AddressScope.mac(end.network)
            #expect(
                program.addresses.find(end.mac, in: mac) == fresh.addresses.find(end.mac, in: mac))
        }
        #expect(program.services.count == fresh.services.count)
        for (row, other) in zip(program.services.services, fresh.services.services) {
            #expect(row.slotCount == other.slotCount && row.service == other.service)
            let differs = (0..<row.slotCount).contains {
                program.services.endpoint(at: $0, of: row)
                    != fresh.services.endpoint(at: $0, of: other)
            }
            #expect(!differs)
        }
        #expect(program.ports.bindings == fresh.ports.bindings)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `a program changed in place is the one compiled anew`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        guard let cluster = try? Cluster.assemble(.random(&random)), !cluster.tasks.isEmpty
        else { return }
        var compilation = Compilation(cluster)
        var pairs = cluster.nodes.map { ProgramPair(compilation.program(for: $0.id)) }
        for epoch in 2..<UInt64(10) {
            let old = try #require(compilation.cluster.tasks.randomElement(using: &random))
            let task = changed(old, cluster.nodes.count, &random)
            guard let change = compilation.replace(task, epoch: epoch) else {
                #expect(task.node != old.node && compilation.cluster[task.id] == old)
                continue
            }
            #expect(compilation.cluster[task.id] == task)
            for index in pairs.indices { pairs[index].publish(change) }
            // Compiling anew is slow: it is done twice, once for each copy of a pair.
            guard epoch >= 8 else { continue }
            let node = try #require(cluster.nodes.randomElement(using: &random)).id
            let fresh = Compilation(compilation.cluster).program(for: node, epoch: epoch)
            expectEqual(pairs[node.rawValue].current, fresh, compilation.cluster)
            expectEqual(compilation.program(for: node), fresh, compilation.cluster)
            #expect(pairs[node.rawValue].current.epoch == epoch)
        }
    }

    @Test func `most random changes are taken in`() throws {
        var (taken, refused) = (0, 0)
        for seed in 0..<30 as Range<UInt64> {
            var random = SplitMix(seed: seed)
            guard let cluster = try? Cluster.assemble(.random(&random)) else { continue }
            var compilation = Compilation(cluster)
            for old in cluster.tasks {
                let task = changed(old, cluster.nodes.count, &random)
                if compilation.replace(task, epoch: 2) == nil { refused += 1 } else { taken += 1 }
            }
        }
        #expect(taken > 250 && refused > 2 && refused < taken / 5, "\(taken), \(refused)")
    }

    @Test func `a program that runs keeps what it says while the next one is made`() throws {
        let cluster = try Cluster.assemble(
            .nodes(2).with(
                ServiceSpecification("web", replicas: 3, publish: [PortSpecification(8080, 80)])))
        var compilation = Compilation(cluster)
        var pair = ProgramPair(compilation.program(for: NodeID(0)))
        var task = cluster.tasks[0]
        for epoch in 2..<UInt64(6) {
            let running = pair.current
            let before = (0..<running.services.services[0].slotCount).map {
                running.services.endpoint(at: $0, of: running.services.services[0])
            }
            task.weight = task.weight == 0 ? 1 : 0
            let change = compilation.replace(task, epoch: epoch)
            pair.publish(try #require(change))
            let after = (0..<running.services.services[0].slotCount).map {
                running.services.endpoint(at: $0, of: running.services.services[0])
            }
            #expect(before == after && running.epoch == epoch - 1)
            let now = pair.current.services.services[0]
            let choices = Set(
                (0..<now.slotCount).map { pair.current.services.endpoint(at: $0, of: now) })
            #expect(choices.count == (task.weight == 0 ? 2 : 3))
        }
    }

    @Test func `another service, slot, name or network is more than a replacement`() throws {
        let cluster = try Cluster.assemble(
            .nodes(2).with(NetworkSpecification(name: "front")).with(
                ServiceSpecification(
                    "web", replicas: 2, publish: [PortSpecification(8080, 80)], on: ["front"])))
        var compilation = Compilation(cluster)
        let task = cluster.tasks[0]
        var others = [task, task, task, task]
        others[0].slot = 9
        others[1].name = "web.9"
        others[2].endpoints.removeLast()
        others[3].id = TaskID(99)
        for other in others {
            let change = compilation.replace(other, epoch: 2)
            #expect(change == nil)
        }
        #expect(compilation.cluster == cluster)
    }
}
