// Goal: `weft bench` behaves as a command should, and what it prints can be read by programs and by
// itself on another day. Method: the binary, run as a process, over a short trace; no time is judged.

import Bench
import Foundation
import Testing

@Suite struct BenchVerbTests {
    private let stack = WeftProcess.data("stacks/web.yml")
    private let trace = WeftProcess.data("traces/real-cooked.pcap")

    private func bench(_ arguments: String...) throws -> Finished {
        try WeftProcess.weft(["bench", "-c", stack, "-i", trace, "--trial-time", "1"] + arguments)
    }

    private func report(_ arguments: String...) throws -> BenchReport {
        let run = try WeftProcess.weft(
            ["bench", "-c", stack, "-i", trace, "--trial-time", "1", "--json"] + arguments)
        #expect(run.status == 0 && run.errors == "")
        return try JSONDecoder().decode(BenchReport.self, from: Data(run.output.utf8))
    }

    @Test func `the text says where it comes from and what it is of`() throws {
        let run = try bench()
        #expect(run.status == 0 && run.errors == "")
        #expect(run.lines.first == "Label:   in process: no network card, not RFC 2544")
        #expect(run.lines.contains { $0.hasPrefix("Machine: ") })
        #expect(run.lines.contains { $0.contains(" 266 packets, ") && $0.contains("SHA-256 ") })
        for stage in Stage.allCases {
            #expect(run.lines.count { $0.hasPrefix("\(stage.name) ") } == 4)
        }
        #expect(run.lines.last?.hasSuffix(", balanced") == true)
        let controls = run.output.unicodeScalars.filter { $0.value < 32 && $0 != "\n" }
        #expect(controls.isEmpty)
        #expect(run.lines.allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test func `the JSON has a schema, and counts what the trace holds`() throws {
        let report = try report("--workers", "2")
        #expect(report.schema == "weft.bench/1")
        #expect(report.trace.packets == 266 && report.stack.nodes == 3)
        #expect(report.options.trials == 10)
        #expect(report.figures.allSatisfy { $0.spread.trials == 10 })
        let mesh = try #require(report.figures.first { $0.name == "mesh" })
        let workers = try #require(report.workers)
        #expect(workers.shards.count == 2 && workers.shards.reduce(0, +) == mesh.packets)
        #if !DEBUG
            #expect(report.allocations == 0)
        #endif
    }

    @Test func `processor time is called that, and compared with its like`() throws {
        let report = try report("--processor-time")
        #expect(report.options.clock == "processor time")
        try WeftProcess.withFile("old.json", JSONEncoder().encode(report)) { path in
            let run = try bench("--compare", path)
            #expect(run.errors.contains("one of the two measured processor time"))
            #expect(run.lines.contains { $0.hasPrefix("Clock: time; ") })
        }
    }

    @Test func `a report is compared figure by figure`() throws {
        var old = try report()
        for index in old.figures.indices {
            // A million times as slow, and without noise, whatever else this machine does.
            let slow = old.figures[index].spread.median * 1e6
            for path in [
                \Spread.median, \Spread.firstQuartile, \Spread.thirdQuartile,
            ] {
                old.figures[index].spread[keyPath: path] = slow
            }
        }
        try WeftProcess.withFile("old.json", JSONEncoder().encode(old)) { path in
            let changes = try #require(try report("--compare", path).comparison)
            let times = changes.filter { $0.unit == "ns/packet" }
            #expect(times.count == old.figures.count)
            #expect(times.allSatisfy { $0.verdict == .better })
            let memory = changes.first { $0.name == "flow memory" }
            #expect(memory?.verdict == .withinNoise)
            #expect(try bench("--compare", path).lines.contains { $0.hasSuffix("   better") })
        }
    }

    @Test func `the report is written to a file as it is printed`() throws {
        try WeftProcess.withFile("report.json", Data()) { path in
            let run = try bench("--json", "--output", path)
            let file = FileManager.default.contents(atPath: path)
            #expect(run.status == 0 && !run.output.isEmpty)
            #expect(file.map { String(decoding: $0, as: UTF8.self) } == run.output)
        }
        let run = try bench("--output", "/nowhere/report.json")
        #expect(run.status == 73 && run.errors.contains("/nowhere/report.json"))
    }

    @Test(arguments: [
        (["-i", "a"], 64, "-i and -c: give both, or neither"),
        (["-c", "a"], 64, "-i and -c: give both, or neither"),
        (["-c", "a", "-i", "-"], 64, "standard input can be read only once"),
        (["--trials", "9"], 64, "--trials: must be at least 10"),
        (["--ipvs", "--growth"], 64, "--ipvs: makes its own rules and traffic"),
        (["--workers", "0"], 64, "--workers: must be 1 to 256"),
        (["--compare", "/nowhere"], 66, "/nowhere: No such file or directory"),
        (
            ["--compare", WeftProcess.data("stacks/web.yml")], 65,
            "not a report of schema weft.bench/1"
        ),
    ])
    func `a wrong command line says so and measures nothing`(
        arguments: [String], status: Int32, words: String
    ) throws {
        let run = try WeftProcess.weft(["bench"] + arguments)
        #expect(run.status == status)
        #expect(run.output == "" && run.errors.contains(words), "\(run.errors)")
    }

    @Test func `a trace that is not there is 66`() throws {
        let run = try WeftProcess.weft(["bench", "-c", stack, "-i", "/nowhere"])
        #expect(run.status == 66 && run.errors.contains("/nowhere"))
    }

    @Test func `IPVS mode is measured by method and by connections`() throws {
        let run = try WeftProcess.weft([
            "bench", "--ipvs", "--quick", "--json", "--trial-time", "1", "--processor-time",
        ])
        #expect(run.status == 0 && run.errors == "")
        let growth = try JSONDecoder().decode(DirectorGrowth.self, from: Data(run.output.utf8))
        #expect(growth.schema == "weft.bench-ipvs/1" && growth.holds)
        #expect(growth.clock == "processor time")
        #expect(growth.rows.count { $0.reply != nil } == 2 && growth.rows.count == 6)
        #expect(growth.rows.allSatisfy { $0.connections == 10_000 && $0.bytesPerConnection < 65 })
        let flood = try #require(growth.flood)
        #expect(flood.established == flood.connectionsMax / 2 && flood.kept == flood.established)
    }

    #if !DEBUG
        @Test func `without arguments it measures what it makes itself`() throws {
            let run = try WeftProcess.weft(["bench", "--quick", "--json"])
            let report = try JSONDecoder().decode(BenchReport.self, from: Data(run.output.utf8))
            #expect(run.status == 0 && report.allocations == 0)
            #expect(report.stack.services == 1_000 && report.trace.flows == 10_000)
        }
    #endif
}
