// What it costs to take in a change: of one task of one service among ten thousand, of the number of
// tasks, which is a new cluster, and a Maglev table for a thousand tasks.
//
// Invariant: the steps are those that a change goes through, in order, up to the first batch that runs
// with it: that step is all that packets wait for.

import Dataplane
import Mesh

extension Growth {
    /// Measures every step, `options.trials` times.
    public static func changes(
        serviceCount: Int = 10_000, _ options: BenchOptions, clock: Clock
    ) throws(BenchError) -> [Change] {
        let scenario = Scenario(serviceCount: serviceCount)
        let before = try scenario.cluster()
        let among = "among \(serviceCount) services"
        let replaced = replacements(of: before, options, clock)
        let added = try additions(to: before, scenario, options, clock)
        return named(
            "a task's weight \(among): ",
            ["note what changes", "put it into a node's program", "run a batch with it"], replaced)
            + named(
                "one task more \(among): ",
                [
                    "assemble the cluster", "compile it", "make a node's program",
                    "run a batch with it",
                ], added)
            + [maglev(options, clock)].compactMap { $0 }
    }

    private static func named(
        _ prefix: String, _ names: [String], _ steps: [[Double]]
    ) -> [Change] {
        zip(names, steps).compactMap { name, values in
            Spread(values).map { Change(name: prefix + name, milliseconds: $0) }
        }
    }

    /// The lengths of the steps between readings of the clock, in milliseconds.
    private static func note(_ times: [UInt64], in steps: inout [[Double]]) {
        for step in steps.indices {
            steps[step].append(Double(times[step + 1] &- times[step]) / 1e6)
        }
    }

    /// A task in the middle takes new flows no longer, or again.
    private static func replacements(
        of cluster: Cluster, _ options: BenchOptions, _ clock: Clock
    ) -> [[Double]] {
        var compilation = Compilation(cluster)
        var pair = ProgramPair(compilation.program(for: cluster.nodes[1].id))
        let node = BenchNode(pair.current, now: 1_000_000_000)
        var list = FrameList()
        var arena = FrameArena()
        var steps: [[Double]] = [[], [], []]
        // The first three find tables that are still shared, and copy them.
        for trial in -3..<max(options.trials, 1) {
            var task = compilation.cluster.tasks[cluster.tasks.count / 2]
            task.weight = task.weight == 0 ? 1 : 0
            var times = [clock()]
            let change = compilation.replace(task, epoch: UInt64(trial + 5))
            times.append(clock())
            if let change { pair.publish(change) }
            times.append(clock())
            node.adopt(pair.current)
            node.process(&list, in: &arena)
            times.append(clock())
            if trial >= 0 { note(times, in: &steps) }
        }
        return steps
    }

    /// A service in the middle gets a task more.
    private static func additions(
        to cluster: Cluster, _ scenario: Scenario, _ options: BenchOptions, _ clock: Clock
    ) throws(BenchError) -> [[Double]] {
        let program = Compilation(cluster).program(for: cluster.nodes[1].id)
        var specification = scenario.specification
        specification.services[scenario.serviceCount / 2].mode = .replicated(scenario.taskCount + 1)
        var steps: [[Double]] = [[], [], [], []]
        for _ in 0..<max(options.trials, 1) {
            let node = BenchNode(program, now: 1_000_000_000)
            var list = FrameList()
            var arena = FrameArena()
            node.process(&list, in: &arena)
            var times = [clock()]
            let after: Cluster
            do { after = try Cluster.assemble(specification) } catch { throw .mesh(error) }
            times.append(clock())
            let compilation = Compilation(after)
            times.append(clock())
            let changed = compilation.program(for: after.nodes[1].id, epoch: 2)
            times.append(clock())
            node.adopt(changed)
            node.process(&list, in: &arena)
            times.append(clock())
            note(times, in: &steps)
        }
        return steps
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
