// Every case, layer by layer, from a header to a cluster.
//
// Cases scale by a thousand where one call is a matter of nanoseconds; what is printed then is a
// thousand of them.

import Benchmark

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .throughput], warmupIterations: 3, scalingFactor: .kilo,
        maxDuration: .seconds(1), maxIterations: 1_000)
    headers()
    hashes()
    tables()
    halves()
    directors()
    captures()
    programs()
}
