// `weft bench`: how fast the data plane is on this machine, by stages and in total, beside a floor.
// Parses the options, loads or makes stack and trace, measures and prints; what happens is in `Bench`.

import ArgumentParser
import Bench
import Capture
import Foundation
import Mesh

struct BenchVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure the data plane on this machine, in process.",
        discussion: """
            Without -i and -c, a stack of a thousand services and traffic to it are made from a seed. \
            A figure has changed in --compare when the medians lie further apart than half of what \
            lies between the quartiles of each, added, and by more than 3 %.

            weft bench --json > today.json
            weft bench --compare today.json
            """)

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp("Trace to measure with, pcap or pcapng.", valueName: "file"),
        completion: .file())
    var input: String?

    @Option(
        name: [.customShort("c"), .long],
        help: ArgumentHelp("Compose file that describes the mesh.", valueName: "file"),
        completion: .file())
    var composeFile: [String] = []

    @Option(
        help: ArgumentHelp("Threads, each with a mesh and flows of its own.", valueName: "count"))
    var workers = 1

    @Option(help: ArgumentHelp("Trials of each figure, at least 10.", valueName: "count"))
    var trials = 10

    @Option(
        help: ArgumentHelp("Milliseconds that each trial is to be timed for.", valueName: "ms"))
    var trialTime: UInt64?

    @Flag(
        help: "Measure processor time, which leaves out what others take of a busy machine.")
    var processorTime = false

    @Flag(help: "Short trials: figures within seconds, and more noise.")
    var quick = false

    @Flag(
        help:
            "Instead: what a packet costs as services, tasks, flows and frames grow, and a change.")
    var growth = false

    @Flag(
        help: ArgumentHelp(
            "Instead: what a packet costs in IPVS mode, by forwarding method and connections."))
    var ipvs = false

    @Option(
        help: ArgumentHelp("Say what has changed since this report.", valueName: "json"),
        completion: .file())
    var compare: String?

    @Flag(
        help: ArgumentHelp(
            "Report in JSON, schema weft.bench/1.",
            discussion: "With --growth weft.bench-growth/1, with --ipvs weft.bench-ipvs/1."))
    var json = false

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Write the report to this file too, in JSON.", valueName: "json"),
        completion: .file())
    var output: String?

    func validate() throws {
        if (input == nil) != composeFile.isEmpty {
            throw ValidationError("-i and -c: give both, or neither")
        }
        if let input { try TraceInput.checkReadableAgain(input, for: "-i") }
        if growth, input != nil || compare != nil || workers != 1 {
            throw ValidationError("--growth: makes its own stacks and traffic, for one worker")
        }
        if ipvs, growth || input != nil || compare != nil || workers != 1 {
            throw ValidationError("--ipvs: makes its own rules and traffic, for one worker")
        }
        if trials < 10 { throw ValidationError("--trials: must be at least 10") }
        if !(1...256 ~= workers) { throw ValidationError("--workers: must be 1 to 256") }
        if let trialTime, !(1...10_000 ~= trialTime) {
            throw ValidationError("--trial-time: must be 1 to 10000")
        }
    }

    func run() throws {
        try checkOutput()
        if growth { return try runGrowth() }
        if ipvs { return try runDirector() }
        // Before anything is measured: a report that cannot be read is told at once.
        let old = try compare.map(Self.report)
        var report = try measure()
        if let old {
            report.comparison = report.compared(with: old)
            for difference in report.differences(from: old) {
                Message.write("--compare: \(difference)")
            }
        }
        try write(report)
        try Output.line(json ? try JSON.text(report) : BenchText(report: report).text)
        if !report.holds { throw Exit.assertion }
    }

    private var options: BenchOptions {
        var options = BenchOptions()
        options.trials = trials
        options.workers = workers
        if quick { options.trialNanoseconds = 2_000_000 }
        if let trialTime { options.trialNanoseconds = trialTime * 1_000_000 }
        options.isProcessorTime = processorTime
        options.clockOverhead = Clock.overhead(timer)
        return options
    }

    private var timer: @Sendable () -> UInt64 {
        if processorTime { return { Clock.processorNanoseconds() } }
        return { Clock.nanoseconds() }
    }

    private func measure() throws -> BenchReport {
        guard let input else { return try measureGenerated() }
        let stack = try StackOptions.parse(composeFile.flatMap { ["-c", $0] })
        return try measure(
            try stack.cluster(), stack: composeFile.joined(separator: " "), path: input, name: input
        )
    }

    private func measureGenerated() throws -> BenchReport {
        var workload = Workload()
        if quick { workload.packetCount = 50_000 }
        guard let file = TemporaryFile() else {
            Message.write("no room for a trace: \(unsafe String(cString: strerror(errno)))")
            throw Exit.cannotCreate
        }
        let cluster: Cluster
        do throws(BenchError) {
            cluster = try workload.cluster()
            try workload.write(to: file.path)
        } catch {
            throw Message.fail(error, Exit.cannotCreate)
        }
        return try measure(cluster, stack: "generated", path: file.path, name: workload.name)
    }

    private func measure(
        _ cluster: Cluster, stack: String, path: String, name: String
    ) throws -> BenchReport {
        let progress = Progress()
        do throws(BenchError) {
            defer { progress.clear() }
            let bench = try Benchmark(cluster, path: path, options, clock: timer)
            return try bench.run(named: name, stack: stack) { progress.show($0) }
        } catch {
            if case .capture(let error) = error { throw Message.fail(error, error.inputExit) }
            throw Message.fail(error, Exit.badInput)
        }
    }

    private func runGrowth() throws {
        let progress = Progress()
        var growth = Growth()
        growth.clock = options.clockName
        do throws(BenchError) {
            defer { progress.clear() }
            for (varied, scenario) in Growth.scenarios(isQuick: quick) {
                progress.show("\(varied): \(growth.rows.count + 1)")
                let row = try Growth.row(varied, scenario, options, clock: timer)
                if let row { growth.rows.append(row) }
            }
            progress.show("changes")
            growth.changes = try Growth.changes(
                serviceCount: quick ? 1_000 : 10_000, options, clock: timer)
        } catch {
            throw Message.fail(error, Exit.assertion)
        }
        try write(growth)
        try Output.line(json ? try JSON.text(growth) : GrowthText(growth: growth).text)
        if !growth.build.isDebug, growth.rows.contains(where: { $0.allocations > 0 }) {
            throw Exit.assertion
        }
    }

    private func runDirector() throws {
        let progress = Progress()
        var growth = DirectorGrowth()
        growth.clock = options.clockName
        do throws(BenchError) {
            defer { progress.clear() }
            for scenario in DirectorGrowth.scenarios(isQuick: quick) {
                progress.show("\(scenario.methodName), \(scenario.connectionCount) connections")
                let row = try DirectorGrowth.row(scenario, options, clock: timer)
                if let row { growth.rows.append(row) }
            }
            for count in DirectorGrowth.tableCounts(isQuick: quick) {
                progress.show("a table of \(count)")
                let row = try DirectorGrowth.operations(of: count, options, clock: timer)
                if let row { growth.tables.append(row) }
            }
            progress.show("flood")
            growth.flood = try DirectorGrowth.flood(connectionCountMax: quick ? 1 << 12 : 1 << 16)
        } catch {
            throw Message.fail(error, Exit.assertion)
        }
        try write(growth)
        try Output.line(json ? try JSON.text(growth) : DirectorGrowthText(growth: growth).text)
        if !growth.holds { throw Exit.assertion }
    }

    private var inputs: FilesInUse {
        FilesInUse(inputs: [input, compare].compactMap(\.self) + composeFile)
    }

    /// Before anything is measured: a file that must not be written is told at once.
    private func checkOutput() throws {
        guard let output else { return }
        do throws(CaptureError) { try inputs.check(output: output) } catch {
            throw Message.fail(error, error.outputExit)
        }
    }

    /// Writes a report to the file that was asked for, if one was.
    private func write(_ report: some Encodable) throws {
        guard let output else { return }
        let text = try JSON.text(report)
        do throws(CaptureError) {
            var files = inputs
            var file = try TextFile(path: output, among: &files)
            try file.write(text + "\n")
            try file.close()
        } catch {
            throw Message.fail(error, error.outputExit)
        }
    }

    /// A report of another day.
    private static func report(_ path: String) throws -> BenchReport {
        let text = try TextInput.text(of: path)
        guard let report = try? JSONDecoder().decode(BenchReport.self, from: Data(text.utf8)),
            report.schema == BenchReport.schemaCurrent
        else {
            Message.write("\(path): not a report of schema \(BenchReport.schemaCurrent)")
            throw Exit.badInput
        }
        return report
    }
}
