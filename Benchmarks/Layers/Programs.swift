// From a description to a program: deciding a cluster, flattening it, and one node's part of it.
// And what a change of one task costs, taken in without compiling anew.
// A thousand services of four tasks each; `weft bench --growth` has the figures of ten thousand.

import Bench
import Benchmark
import Dataplane
import Mesh

func programs() {
    let few = single(.seconds(2), warmup: 1)
    let scenario = Scenario()
    guard let cluster = try? scenario.cluster() else { return }
    let compilation = Compilation(cluster)
    Benchmark("program: assemble 1000 services", configuration: few) { _ in
        blackHole(try scenario.cluster())
    }
    Benchmark("program: compile 1000 services", configuration: few) { _ in
        blackHole(Compilation(cluster))
    }
    Benchmark("program: of one node", configuration: few) { _ in
        blackHole(compilation.program(for: cluster.nodes[1].id))
    }
    Benchmark("program: change of one task", configuration: few) { _, changing in
        changing.change()
    } setup: {
        ChangingProgram(compilation)
    }
}

/// A program whose service in the middle gains and loses a task again and again.
private final class ChangingProgram {
    private var compilation: Compilation
    private var pair: ProgramPair
    private var epoch: UInt64 = 1

    init(_ compilation: Compilation) {
        self.compilation = compilation
        pair = ProgramPair(compilation.program(for: compilation.cluster.nodes[1].id))
    }

    func change() {
        epoch += 1
        var task = compilation.cluster.tasks[compilation.cluster.tasks.count / 2]
        task.weight = task.weight == 0 ? 1 : 0
        guard let change = compilation.replace(task, epoch: epoch) else { return }
        pair.publish(change)
        blackHole(pair.current.epoch)
    }
}
