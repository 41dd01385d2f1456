// The one way in which these tests run packets through a director: whatever else a test looks at, the
// ledger balances, every table keeps its invariants, and every packet read is accounted for.
//
// The clock that measures work stands still, so two reports of equal replays are equal altogether.

import Capture
import Dataplane
import Foundation
import Ipvsadm
import Replay
import Testing

struct DirectorFixture: Sendable, CustomTestStringConvertible {
    var trace: String
    var rules: String
    var marks: String?

    var testDescription: String { "\(trace) through \(rules)" }
    var path: String { bundled("traces/\(trace)") }

    static let all = [
        DirectorFixture(trace: "real.pcap", rules: "web"),
        DirectorFixture(trace: "real.pcap", rules: "direct-tunnel"),
        DirectorFixture(trace: "real.pcap", rules: "fwmark", marks: "fwmark"),
        DirectorFixture(trace: "dual-stack.pcap", rules: "ipv6"),
        DirectorFixture(trace: "real-cooked.pcap", rules: "web"),
        DirectorFixture(trace: "real-mixed.pcapng", rules: "web"),
        DirectorFixture(trace: "malformed.pcap", rules: "web"),
        DirectorFixture(trace: "malformed.pcap", rules: "fwmark", marks: "fwmark"),
        DirectorFixture(trace: "generated-mixed.pcap", rules: "direct-tunnel"),
    ]

    /// Has packets that were wrong before a director saw them.
    var isDamaged: Bool { ["malformed.pcap", "generated-mixed.pcap"].contains(trace) }

    func load() throws -> DirectorRules {
        var loaded = DirectorRules(key: DirectorReplaying.key)
        let path = bundled("rules/\(rules).rules")
        try loaded.restore(String(contentsOfFile: path, encoding: .utf8), file: path)
        if let marks {
            let path = bundled("rules/\(marks).marks")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            for mark in try IptablesText.marks(in: text, file: path) { loaded.append(mark) }
        }
        return loaded
    }
}

enum DirectorReplaying {
    static let key = HashKey(k0: 1, k1: 2)

    static func rules(_ text: String) throws -> DirectorRules {
        var rules = DirectorRules(key: key)
        try rules.restore(text, file: "test")
        return rules
    }

    static func host(_ rules: DirectorRules, links: [String] = []) throws -> DirectorHost {
        try DirectorHost(links: links, addresses: [], for: rules)
    }

    @discardableResult
    static func replay<Observer: DirectorObserver & ~Copyable>(
        _ path: String, through rules: DirectorRules, links: [String] = [],
        _ options: DirectorReplayOptions = DirectorReplayOptions(), _ observer: inout Observer,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> DirectorReport {
        let host = try host(rules, links: links)
        var replayer = try DirectorReplayer(
            DirectorRunner(rules, host: host, key: key), host: host, options)
        try replayer.replay(path: path, observer: &observer, clock: { 0 })
        let holds = replayer.runner.checkInvariants()
        #expect(holds, "invariants", sourceLocation: location)
        let report = DirectorReport(replayer, rules: "rules", input: path)
        let ledger = report.ledger
        #expect(ledger.isBalanced, sourceLocation: location)
        #expect(
            ledger.received + ledger.generated
                == ledger.transmitted + ledger.consumed + ledger.dropped + ledger.held,
            sourceLocation: location)
        let trace = report.trace
        #expect(ledger.received == trace.replayed, sourceLocation: location)
        #expect(
            trace.replayed + trace.filtered + trace.host + trace.unsupportedLink == trace.packets,
            "fed + passed over = read", sourceLocation: location)
        return report
    }

    @discardableResult
    static func replay(
        _ path: String, through rules: DirectorRules, links: [String] = [],
        _ options: DirectorReplayOptions = DirectorReplayOptions(),
        _ location: SourceLocation = #_sourceLocation
    ) throws -> DirectorReport {
        var observer = NoDirectorObserver()
        return try replay(path, through: rules, links: links, options, &observer, location)
    }

    /// Replays and writes what leaves to `output`, and verdicts if they are asked for.
    @discardableResult
    static func record(
        _ path: String, through rules: DirectorRules, links: [String] = [],
        _ options: DirectorReplayOptions = DirectorReplayOptions(), to output: String?,
        verdicts: String? = nil, _ location: SourceLocation = #_sourceLocation
    ) throws -> DirectorReport {
        let host = try host(rules, links: links)
        var recorder = try DirectorRecorder(packets: output, verdicts: verdicts, host: host)
        var options = options
        options.isStepwise = options.isStepwise || recorder.tellsDecisions
        let report = try replay(
            path, through: rules, links: links, options, &recorder, location)
        try recorder.finish()
        return report
    }
}
