// The one way in which these tests run packets: whatever else a test looks at, the ledgers of the mesh
// and of each node balance, every table keeps its invariants, and every packet read is accounted for.
//
// The clock that measures work stands still, so two reports of equal replays are equal altogether.

import Compose
import Foundation
import Mesh
import Replay
import Testing

struct Outcome {
    var report: ReplayReport
    var tally: TraceTally
}

enum Replaying {
    static func cluster(_ stack: String) throws -> Cluster {
        let path = bundled("stacks/\(stack).yml")
        return try cluster(text: String(contentsOfFile: path, encoding: .utf8), stack)
    }

    static func cluster(text: String, _ name: String = "test") throws -> Cluster {
        try ComposeLoader.load(text, file: name, options: ComposeOptions(stack: name)).assemble()
    }

    @discardableResult
    static func replay<Observer: FrameObserver & ~Copyable>(
        _ path: String, through cluster: Cluster, _ options: ReplayOptions = ReplayOptions(),
        usesShortWay: Bool = true, _ observer: inout Observer,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        var replayer = try Replayer(cluster, options, usesShortWay: usesShortWay)
        try replayer.replay(path: path, observer: &observer, clock: { 0 })
        let holds = replayer.runner.checkInvariants()
        #expect(holds, "invariants", sourceLocation: location)
        let report = ReplayReport(replayer, input: path)
        #expect(report.ledger.isBalanced, sourceLocation: location)
        for node in report.nodes {
            let out =
                node.toUnderlay + node.toClients + node.delivered + node.consumed + node.dropped
            #expect(
                node.received + node.generated == out + node.held, "\(node.name)",
                sourceLocation: location)
        }
        let tally = replayer.tally
        #expect(
            report.trace.replayed + tally.skipped.reduce(0, +) == tally.packetCount,
            "fed + skipped = read", sourceLocation: location)
        return Outcome(report: report, tally: tally)
    }

    @discardableResult
    static func replay(
        _ path: String, through cluster: Cluster, _ options: ReplayOptions = ReplayOptions(),
        usesShortWay: Bool = true, _ location: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        var observer = NoObserver()
        return try replay(
            path, through: cluster, options, usesShortWay: usesShortWay, &observer, location)
    }
}
