// From a description to a program: deciding a cluster, flattening it, and one node's part of it.
// A thousand services of four tasks each; `weft bench --growth` has the figures of ten thousand.

import Bench
import Benchmark
import Mesh

func programs() {
    let few = Benchmark.Configuration(
        metrics: [.wallClock], warmupIterations: 1, scalingFactor: .one, maxDuration: .seconds(3),
        maxIterations: 20)
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
}
