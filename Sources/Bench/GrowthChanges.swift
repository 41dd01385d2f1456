// What it costs to take in a change: one task more of one service among ten thousand, and a Maglev table
// for a thousand tasks.
//
// Invariant: the steps are those that a change goes through, in order: decide the cluster, flatten it,
// make a node's program of it, and let the node run it for the first time.

import Dataplane
import Mesh

extension Growth {
    /// Measures every step, `options.trials` times.
    public static func changes(
        serviceCount: Int = 10_000, _ options: BenchOptions, clock: Clock
    ) throws(BenchError) -> [Change] {
        let scenario = Scenario(serviceCount: serviceCount)
        let before = try scenario.cluster()
        let program = Compilation(before).program(for: before.nodes[1].id)
        var steps: [[Double]] = [[], [], [], []]
        for _ in 0..<max(options.trials, 1) {
            var specification = scenario.specification
            specification.services[serviceCount / 2].mode = .replicated(scenario.taskCount + 1)
            let node = BenchNode(program, now: 1_000_000_000)
            var list = FrameList()
            var arena = FrameArena()
            node.process(&list, in: &arena)
            let start = clock()
            let after: Cluster
            do { after = try Cluster.assemble(specification) } catch { throw .mesh(error) }
            let assembled = clock()
            let compilation = Compilation(after)
            let compiled = clock()
            let changed = compilation.program(for: after.nodes[1].id, epoch: 2)
            let made = clock()
            node.adopt(changed)
            node.process(&list, in: &arena)
            let adopted = clock()
            for (step, (from, to)) in [
                (start, assembled), (assembled, compiled), (compiled, made), (made, adopted),
            ].enumerated() {
                steps[step].append(Double(to &- from) / 1e6)
            }
        }
        let names = ["assemble the cluster", "compile it", "make a node's program", "adopt it"]
        let changes = zip(names, steps).compactMap { name, values in
            Spread(values).map {
                Change(
                    name: "one task more among \(serviceCount) services: \(name)", milliseconds: $0)
            }
        }
        return changes + [maglev(options, clock)].compactMap { $0 }
    }

    /// 65,537 slots for 1,000 tasks.
    private static func maglev(_ options: BenchOptions, _ clock: Clock) -> Change? {
        let backends = (1...1_000).map { MaglevBackend(identity: UInt64($0)) }
        var slotSum = 0
        let times = (0..<max(options.trials, 1)).map { _ in
            let start = clock()
            slotSum += Maglev.table(backends, size: 65_537).count
            return Double(clock() &- start) / 1e6
        }
        return Spread(times).map {
            Change(
                name: "a Maglev table of \(slotSum / times.count) slots for 1000 tasks",
                milliseconds: $0)
        }
    }
}
