// IPVS mode: a batch of 256 packets of established connections by each forwarding method; 256 first
// packets of new connections by each scheduler; and the connection table's own operations.
//
// What is printed is a batch; the frames are made anew for each and that is not measured.

import Bench
import Benchmark
import Dataplane

func directors() {
    let one = Benchmark.Configuration(
        metrics: [.wallClock, .throughput], warmupIterations: 10, scalingFactor: .one,
        maxDuration: .seconds(1), maxIterations: 5_000)
    for method in DirectorScenario.methods {
        let scenario = DirectorScenario(method: method)
        Benchmark(
            "director: \(scenario.methodName), request: 10000 connections, batch of 256",
            configuration: one
        ) { benchmark, director in
            director.fill()
            benchmark.startMeasurement()
            director.ask()
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioDirector.opened(scenario)
        }
    }
    for count in [10_000, 1_000_000] {
        Benchmark(
            "director: masquerade, reply: \(count) connections, batch of 256", configuration: one
        ) { benchmark, director in
            director.answer()
            benchmark.startMeasurement()
            director.reply()
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioDirector.opened(DirectorScenario(connectionCount: count))
        }
    }
    schedulers(one)
    connections(one)
}

/// New connections in a table that is full of such, as in a flood.
private func schedulers(_ one: Benchmark.Configuration) {
    for scheduler in Scheduler.allCases {
        let scenario = DirectorScenario(
            scheduler: scheduler, serviceCount: 1, serverCount: 100, connectionCount: 256)
        Benchmark(
            "scheduler \(scheduler.rawValue): 100 servers, 256 new connections", configuration: one
        ) { benchmark, director in
            director.fillNew()
            benchmark.startMeasurement()
            director.ask()
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioDirector(scenario, connectionCountMax: 1 << 14)
        }
    }
}

private func connections(_ one: Benchmark.Configuration) {
    for count in [10_000, 1_000_000] {
        Benchmark("connections: find 256 of \(count)", configuration: one) { benchmark, table in
            table.draw()
            benchmark.startMeasurement()
            blackHole(table.find())
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioConnections(count: count)
        }
        Benchmark("connections: find 256 of \(count), read ahead", configuration: one) {
            benchmark, table in
            table.draw()
            benchmark.startMeasurement()
            blackHole(table.findTogether())
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioConnections(count: count)
        }
        Benchmark("connections: expire 256 of \(count)", configuration: one) { benchmark, table in
            benchmark.startMeasurement()
            let ended = table.expire()
            benchmark.stopMeasurement()
            table.insert(ended)
        } setup: {
            try ScenarioConnections(count: count)
        }
        Benchmark("connections: insert 256 into \(count)", configuration: one) {
            benchmark, table in
            let ended = table.expire()
            benchmark.startMeasurement()
            table.insert(ended)
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioConnections(count: count)
        }
    }
}

extension ScenarioDirector {
    /// A director whose connections are all established.
    static func opened(_ scenario: DirectorScenario) throws -> ScenarioDirector {
        let director = try ScenarioDirector(scenario)
        director.openAll()
        return director
    }
}
