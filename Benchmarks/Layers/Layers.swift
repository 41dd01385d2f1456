// Every case, layer by layer, from a header to a cluster: a file for each layer, and a line here.
//
// Where one call is a matter of nanoseconds a case is a thousand of them, and its name says so. With
// WEFT_BENCH_QUICK set, each case has a fifth of a second instead of a second or two, and meshes that take
// long to fill are left out: figures with more noise, in a minute.

import Benchmark
import Glibc

let isQuick = getenv("WEFT_BENCH_QUICK") != nil

/// A case of a thousand calls; `body` makes them by `scaledIterations`.
func thousand(_ name: String, _ body: @escaping Benchmark.BenchmarkClosure) {
    Benchmark(name + ", 1000 times", closure: body)
}

/// How a case is run whose unit is a call, or a batch, and not a thousand of them.
func single(_ duration: Duration = .seconds(1), warmup: Int = 3) -> Benchmark.Configuration {
    Benchmark.Configuration(
        metrics: [.wallClock], warmupIterations: warmup, scalingFactor: .one,
        maxDuration: isQuick ? .milliseconds(200) : duration, maxIterations: 10_000)
}

/// A case that is one batch of work on a subject: `prepare` makes the batch anew, which is not measured.
func batch<Subject>(
    _ name: String, _ configuration: Benchmark.Configuration = single(warmup: 10),
    on subject: @escaping () throws -> Subject, prepare: @escaping (Subject) -> Void,
    work: @escaping (Subject) -> Void
) {
    Benchmark(name, configuration: configuration) { benchmark, subject in
        prepare(subject)
        benchmark.startMeasurement()
        work(subject)
        benchmark.stopMeasurement()
    } setup: {
        try subject()
    }
}

let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock], warmupIterations: 3, scalingFactor: .kilo,
        maxDuration: isQuick ? .milliseconds(200) : .seconds(1), maxIterations: 1_000)
    headers()
    hashes()
    tables()
    halves()
    directors()
    captures()
    programs()
}
