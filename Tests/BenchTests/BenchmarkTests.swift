// Goal: what is measured is the work of the mesh, all of it and nothing twice. Method: counts. Stages
// are compared with the ledgers of a replay that nobody recorded, digests with sha256sum's,
// packets with the trace's own; times are not looked at.

import Bench
import CAllocationCounter
import Capture
import Dataplane
import Foundation
import Replay
import Testing

@Suite struct BenchmarkTests {
    private static let workload = {
        var workload = Workload()
        workload.nodeCount = 3
        workload.serviceCount = 5
        workload.taskCount = 3
        workload.flowCount = 300
        workload.packetCount = 4_000
        return workload
    }()

    /// A clock that goes on by a microsecond each time it is read.
    private final class Ticks: @unchecked Sendable {
        private var time: UInt64 = 0
        private let lock = NSLock()
        func next() -> UInt64 {
            lock.withLock {
                time += 1_000
                return time
            }
        }
    }

    /// A file that is gone when nobody needs it any more.
    private final class TraceFile {
        let path = FileManager.default.temporaryDirectory.appending(
            path: "weft-bench-tests-\(UUID().uuidString).pcap"
        ).path
        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private let file = TraceFile()
    private var path: String { file.path }

    init() throws { try Self.workload.write(to: file.path) }

    private func benchmark(_ path: String, workers: Int = 1) throws -> Benchmark {
        var options = BenchOptions()
        options.trials = 2
        options.trialNanoseconds = 1
        options.workers = workers
        let ticks = Ticks()
        return try Benchmark(Self.workload.cluster(), path: path, options) { ticks.next() }
    }

    private func packets(_ report: BenchReport, _ name: String) throws -> UInt64 {
        try #require(report.figures.first { $0.name == name }).packets
    }

    @Test func `the stages are the packets that a replay takes to each node`() throws {
        let report = try benchmark(path).run(named: "test", stack: "test")
        var replayer = try Replayer(Self.workload.cluster(), ReplayOptions())
        var observer = NoObserver()
        try replayer.replay(path: path, observer: &observer) { 0 }
        var crossed: UInt64 = 0
        for node in 0..<replayer.runner.nodeCount {
            crossed += replayer.runner.ledger(of: NodeIndex(node)).transmittedToUnderlay
        }
        let fed = try packets(report, "entry") + packets(report, "reply, owner")
        let arrived = try packets(report, "owner") + packets(report, "reply, entry")
        #expect(fed == replayer.runner.fedCount && arrived == crossed)
        #expect(fed > 3_000 && arrived > 1_000)
        #expect(try packets(report, "mesh") == fed)
        #expect(try packets(report, "floor, entry") == packets(report, "entry"))
        #expect(try packets(report, "read") == 4_000)
        #expect(try packets(report, "replay") == 4_000)
        let replay = report.figures.first { $0.name == "replay" }
        let nodes = report.figures.first { $0.name == "replay, nodes" }
        // What the nodes take is part of what the replay takes.
        #expect(try #require(nodes).spread.max <= #require(replay).spread.max)
        #expect(report.trace.packets == 4_000 && report.ledger.isBalanced)
    }

    @Test func `every figure has its trials and both placements`() throws {
        let report = try benchmark(path).run(named: "test", stack: "test")
        #expect(report.figures.allSatisfy { $0.spread.trials == 2 && $0.spread.min > 0 })
        for stage in Stage.allCases {
            let placements = report.figures.filter { $0.name == stage.name }.map(\.placement)
            #expect(placements == [.cached, .streaming])
        }
        #expect(report.label == "in process: no network card, not RFC 2544")
        let names = report.figures.map { "\($0.name) \($0.placement?.rawValue ?? "")" }
        #expect(Set(names).count == names.count)
    }

    @Test func `nothing is allocated in timed parts`() throws {
        let report = try benchmark(path, workers: 2).run(named: "test", stack: "test")
        #if !DEBUG
            #expect(report.allocations == 0)
        #endif
        #expect(report.holds)
    }

    #if !DEBUG
        @Test func `another pass of a replay allocates for its file, not for its packets`() throws {
            var counts: [UInt64] = []
            // Before the first is over, the language's runtime has all it makes once.
            for loopCount in UInt64(1)...3 {
                var replayer = try Replayer(
                    Self.workload.cluster(), ReplayOptions(loopCount: loopCount))
                var observer = NoObserver()
                let before = weft_allocations_count()
                weft_allocations_watch(1)
                try replayer.replay(path: path, observer: &observer) { 0 }
                weft_allocations_watch(0)
                counts.append(weft_allocations_count() - before)
            }
            #expect(counts[1] > 0 && counts[2] < counts[1] + 100)
        }
    #endif

    @Test func `the trace is named by the digest that sha256sum gives`() throws {
        let report = try benchmark(path).run(named: "test", stack: "test")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.arguments = [path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(String(decoding: bytes, as: UTF8.self).prefix(64) == report.trace.sha256)
    }

    @Test(arguments: [2, 3])
    func `workers together do what one does alone`(count: Int) throws {
        let benchmark = try benchmark(path)
        let alone = try #require(benchmark.run(workers: 1, passCount: 3).first)
        let together = benchmark.run(workers: count, passCount: 3)
        #expect(together.count == count && together.allSatisfy { $0.packetCount > 0 })
        #expect(together.reduce(0) { $0 + $1.packetCount } == alone.packetCount)
        #expect(alone.isBalanced && together.allSatisfy(\.isBalanced))
        #expect(together.reduce(into: Ledger()) { $0 += $1.ledger } == alone.ledger)
    }

    @Test func `a trace of nothing for the mesh is refused`() throws {
        let empty = TraceFile()
        try PcapWriter(path: empty.path, linkType: .ethernet).close()
        #expect(throws: BenchError.self) { _ = try benchmark(empty.path) }
    }
}
