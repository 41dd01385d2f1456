// IPVS mode: a batch of 256 packets of established connections by each forwarding method; 256 first
// packets of new connections by each scheduler; and the connection table's own operations.
//
// What is printed is a batch; the frames are made anew for each and that is not measured.

import Bench
import Benchmark
import Dataplane

func directors() {
    for method in DirectorScenario.methods {
        let scenario = DirectorScenario(method: method)
        batch("director: \(scenario.methodName), request: 10000 connections, batch of 256") {
            try ScenarioDirector.opened(scenario)
        } prepare: {
            $0.fill()
        } work: {
            $0.ask()
        }
    }
    for count in connectionCounts {
        batch("director: masquerade, reply: \(count) connections, batch of 256") {
            try ScenarioDirector.opened(DirectorScenario(connectionCount: count))
        } prepare: {
            $0.answer()
        } work: {
            $0.reply()
        }
    }
    schedulers()
    for count in connectionCounts { connections(count) }
}

private let connectionCounts = isQuick ? [10_000] : [10_000, 1_000_000]

/// New connections in a table that is full of such, as in a flood.
private func schedulers() {
    for scheduler in Scheduler.allCases {
        let scenario = DirectorScenario(
            scheduler: scheduler, serviceCount: 1, serverCount: 100, connectionCount: 256)
        batch("scheduler \(scheduler.rawValue): 100 servers, 256 new connections") {
            try ScenarioDirector(scenario, connectionCountMax: 1 << 14)
        } prepare: {
            $0.fillNew()
        } work: {
            $0.ask()
        }
    }
}

private func connections(_ count: Int) {
    let table = { try ScenarioConnections(count: count) }
    batch("connections: find 256 of \(count)", on: table) {
        $0.draw()
    } work: {
        blackHole($0.find())
    }
    batch("connections: find 256 of \(count), read ahead", on: table) {
        $0.draw()
    } work: {
        blackHole($0.findTogether())
    }
    // What one of these two does is what the other has to undo.
    let name = "connections: expire 256 of \(count)"
    Benchmark(name, configuration: single(warmup: 10)) { benchmark, table in
        benchmark.startMeasurement()
        let ended = table.expire()
        benchmark.stopMeasurement()
        table.insert(ended)
    } setup: {
        try table()
    }
    let other = "connections: insert 256 into \(count)"
    Benchmark(other, configuration: single(warmup: 10)) { benchmark, table in
        let ended = table.expire()
        benchmark.startMeasurement()
        table.insert(ended)
        benchmark.stopMeasurement()
    } setup: {
        try table()
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
