// Goal: nothing is allocated while packets pass. Method: the C allocator's entry points are counted
// in this thread around a thousand batches, after a warm-up that fills arenas and tables. In release
// builds only: debug builds allocate for their own checks. A canary shows that counting counts.

import CAllocationCounter
import Dataplane
import Mesh
import Testing
import Wire

#if !DEBUG
    @Suite struct AllocationTests {
        /// Allocations made by `body` in this thread.
        func allocations(_ body: () -> Void) -> UInt64 {
            let before = weft_allocations_count()
            weft_allocations_watch(1)
            body()
            weft_allocations_watch(0)
            return weft_allocations_count() - before
        }

        @Test func `the counter sees an allocation`() {
            #expect(allocations { weft_allocations_canary() } == 1)
            var sink: [UInt8] = []
            #expect(allocations { sink.reserveCapacity(10_000) } > 0)
            #expect(sink.isEmpty)
        }

        /// A batch of everything: requests near and far, replies, fragments that wait and follow,
        /// errors both ways, refusals, tunnels, malformed frames.
        private func inputs(_ mesh: TestMesh) -> [Input] {
            var inputs: [Input] = []
            for kind in Kind.all {
                for owner in 0..<3 {
                    let request = mesh.aimed(kind.request, atOwner: owner)
                    let endpoint = request.choice(in: mesh).endpoint
                    inputs.append(Input(bytes: request.frame))
                    inputs.append(Input(bytes: request.with(\.ttl, 1).frame))
                    inputs += request.with(\.payload, [UInt8](0..<100)).fragments(of: 64)
                        .reversed().map { Input(bytes: $0) }
                    let error = Draft.error(
                        .destinationUnreachable, .destinationUnreachable, code: 3,
                        quoting: request.reversed.packet, from: request.source, to: request.target)
                    inputs.append(Input(bytes: error.frame))
                    let mac = mesh.program()[endpoint].mac
                    if owner == 0 {
                        let task = mesh.address(of: endpoint, isIPv6: kind.isIPv6)
                        let reply = request.reversed.from(task, kind.target).frame
                        inputs.append(Input(bytes: reply, arrival: .task(endpoint)))
                        let inner = request.between(request.sourceMAC, mac).frame
                        let tunnel = Draft.tunnel(inner, from: mesh.vtep(1), to: mesh.vtep(0))
                        inputs.append(Input(bytes: tunnel.frame))
                    } else {
                        let large = request.with(\.payload, [UInt8](repeating: 1, count: 2_900))
                            .with(\.dontFragment, false)
                        inputs.append(Input(bytes: large.frame))
                    }
                }
            }
            inputs += DropFixture.all(mesh).filter { $0.reason != .fragmentHoldFull }
                .map { Input(bytes: $0.frame) }
            return Array(inputs.prefix(Limits.batchFrameCount))
        }

        @Test func `a thousand batches allocate nothing`() throws {
            let mesh = try TestMesh.standard {
                $0 = $0.with(ServiceSpecification("lone", replicas: 0, on: ["front"]))
            }
            let node = mesh.nodes[0]
            let inputs = inputs(mesh)
            for _ in 0..<20 { node.feed(inputs, now: mesh.now) }
            var packetCount = 0
            let count = allocations {
                for batch in 0..<1_000 {
                    mesh.now += batch % 100 == 0 ? .seconds(31) : 1_000_000
                    node.feed(inputs, now: mesh.now)
                    packetCount += inputs.count
                }
            }
            #expect(count == 0, "\(count) allocations in \(packetCount) packets")
            #expect(node.judge([], now: mesh.now).isEmpty)
            #expect(node.ledger.generated > 0 && node.ledger.delivered > 0)
        }

        /// Of two nodes and so many services of four tasks.
        private func compilation(serviceCount: Int) throws -> Compilation {
            var specification = ClusterSpecification.nodes(2)
            specification.ingress.v4 = IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 8)
                .map { SubnetSpecification(prefix: $0) }
            specification.services = (0..<serviceCount).map { index in
                ServiceSpecification(
                    "service\(index)", replicas: 4,
                    publish: [PortSpecification(UInt16(10_000 + index), 80, .udp)])
            }
            return Compilation(try Cluster.assemble(specification))
        }

        @Test func `a node's program allocates by the table, not by the service`() throws {
            // Story: an observer on the addresses copied them for each one that was added, and the program
            // of a node among 10,000 services took 800 ms instead of 5.
            let counts = try [10, 2_000].map { serviceCount in
                let compilation = try compilation(serviceCount: serviceCount)
                var program: Program?
                let count = allocations { program = compilation.program(for: NodeID(1)) }
                #expect(program?.services.count == serviceCount)
                return count
            }
            // What grows by doubling is allocated a few times more.
            #expect(counts[0] > 0 && counts[1] < counts[0] + 100, "\(counts)")
        }

        /// Allocations of a change of one task among so many services, and of publishing it.
        private func allocationsOfChange(
            serviceCount: Int
        ) throws -> (change: UInt64, publish: UInt64) {
            var compilation = try self.compilation(serviceCount: serviceCount)
            var pair = ProgramPair(compilation.program(for: NodeID(1)))
            var counts: (change: UInt64, publish: UInt64) = (0, 0)
            // Both copies are alone with their tables from the third change on.
            for epoch in 2..<UInt64(6) {
                var task = compilation.cluster.tasks[2 * serviceCount]
                task.weight = task.weight == 0 ? 1 : 0
                task.node = NodeID(1 - task.node.rawValue)
                var change: ProgramChange?
                counts.change = allocations { change = compilation.replace(task, epoch: epoch) }
                let noted = try #require(change)
                counts.publish = allocations { pair.publish(noted) }
            }
            return counts
        }

        @Test func `a change allocates alike among ten services and two thousand`() throws {
            let few = try allocationsOfChange(serviceCount: 10)
            let many = try allocationsOfChange(serviceCount: 2_000)
            #expect(few == many && few.change > 0 && few.change < 40 && few.publish == 0)
        }

        @Test func `the first batch with another program allocates nothing`() throws {
            func program(taskCount: Int) throws -> Program {
                var specification = ClusterSpecification.nodes(2)
                specification.services = [
                    ServiceSpecification(
                        "web", replicas: taskCount, publish: [PortSpecification(8080, 80)])
                ]
                return compile(try Cluster.assemble(specification), for: NodeID(0))
            }
            let programs = [try program(taskCount: 40), try program(taskCount: 60)]
            var state = NodeState(for: programs[0], key: HashKey(k0: 1, k1: 2))
            var frames = FrameList()
            var arena = FrameArena()
            process(&frames, in: &arena, program: programs[0], state: &state, now: 0)
            let count = allocations {
                process(&frames, in: &arena, program: programs[1], state: &state, now: 1)
            }
            #expect(count == 0 && state.endpoints.count == 60)
        }
    }
#endif
