// Goal: nothing is allocated while packets pass a director. Method: as for the mesh, around batches of
// everything that clients and real servers send, over all protocols, methods and both families.

import Dataplane
import Testing
import Wire

#if !DEBUG
    extension AllocationTests {
        @Test func `a thousand batches through a director allocate nothing`() throws {
            let node = TestNode(try TestMesh.standard().program())
            let rules = try DirectorTraffic.rules()
            var director = Director(
                host: DirectorTraffic.host, key: HashKey(k0: 8, k1: 9), connectionCountMax: 4_096)
            director.change { $0 = rules }
            node.equip(with: director, usesShortWay: true)
            var traffic = DirectorTraffic(seed: 1)
            var now = UInt64.seconds(1_000)
            var batches: [[Input]] = []
            for _ in 0..<50 {
                now += 1_000_000
                batches.append(
                    traffic.batch(Limits.batchFrameCount, node.connectionEntries))
                node.feed(batches[batches.count - 1], now: now)
            }
            // What the language's runtime makes at a first call, of what time leaps bring about too.
            for round in 0..<200 {
                now += round % 100 == 0 ? .seconds(31) : 1_000_000
                node.feed(batches[round % batches.count], now: now)
            }
            // Not the ledger itself: what shares its arrays would have them copied.
            let (transmitted, generated) = (
                node.ledger.transmittedToLinks, node.ledger.generated
            )
            let count = allocations {
                for round in 0..<1_000 {
                    now += round % 100 == 0 ? .seconds(31) : 1_000_000
                    node.feed(batches[round % batches.count], now: now)
                }
            }
            #expect(count == 0, "\(count) allocations")
            #expect(node.judge([], now: now).isEmpty)
            #expect(node.ledger.transmittedToLinks > transmitted + 100_000)
            #expect(node.ledger.generated > generated)
        }
    }
#endif
