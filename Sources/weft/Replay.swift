// `weft replay`: a packet trace through a described mesh.
// Parses the options, loads the mesh, runs the replay and prints; what happens is in `Replay`.

import ArgumentParser
import Capture
import Dataplane
import Mesh
import Replay

struct ReplayVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Carry every packet of a trace through the mesh and say what became of it.")

    @OptionGroup var stack: StackOptions

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp(
            "Trace to read, pcap or pcapng; - for standard input.", valueName: "file"),
        completion: .file())
    var input: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Directory to write a pcapng to for each node and each task.", valueName: "dir"),
        completion: .directory)
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Where packets enter: address (the node they are sent to), round-robin, hash, or a node.",
            valueName: "policy"), completion: .list(EntryPolicy.words))
    var entry = "address"

    @Option(
        help: ArgumentHelp(
            "Aim matching packets at a published port, as in 'tcp port 443=web:8080'.",
            discussion: """
                The filter is pcap-filter(7). The end with the lower port is taken for the server. \
                May be given several times; the first match counts.
                """, valueName: "filter=service:port"))
    var remap: [String] = []

    @Option(
        help: ArgumentHelp(
            "Replay only packets that match this pcap-filter(7) expression.",
            valueName: "expression"))
    var filter: String?

    @Option(
        help: ArgumentHelp(
            "Times to go through the trace.",
            discussion:
                "MAX/MEAN, CHI2 and P are of the first time: the same flows come again in the "
                + "others.",
            valueName: "count"))
    var loop: UInt64 = 1

    @Option(help: ArgumentHelp("Packets to read at most.", valueName: "count"))
    var limit: UInt64?

    @Option(
        help: ArgumentHelp(
            "Say what the planned removal of this task would do to the flows seen.",
            discussion: """
                May be given several times; each removal is tried by itself. BOUND % is the part of a \
                service's flows that should move at most: what the task has by its weight and 2 % \
                more, as some flows of tasks that stay are moved too, so that the rest stay even. Of \
                few flows more may move by chance.
                """,
            valueName: "task"))
    var without: [String] = []

    @Flag(help: "Report in JSON, schema weft.replay/1.")
    var json = false

    func validate() throws {
        if loop == 0 { throw ValidationError("--loop: must be at least 1") }
        if loop > 1 { try TraceInput.checkReadableAgain(input, for: "--loop") }
        if input == "-", stack.composeFile.contains("-") {
            throw ValidationError("-c and -i: standard input can be read only once")
        }
    }

    func run() throws {
        let cluster = try stack.cluster()
        guard let policy = EntryPolicy(entry, cluster) else {
            let error = ReplayError.unknownEntry(entry, nodes: cluster.nodes.map(\.name))
            throw Message.fail(error, Exit.usage)
        }
        let options = ReplayOptions(
            loopCount: loop, packetLimit: limit, policy: policy, filter: filter, remaps: remap)
        var replayer: Replayer
        let removed: [Mesh.Task]
        do throws(ReplayError) {
            removed = try cluster.tasks(named: without)
            replayer = try Replayer(cluster, options)
        } catch {
            throw Message.fail(error, Exit.usage)
        }
        let seen = try replay(&replayer, notingFlows: !removed.isEmpty)
        if let truncation = replayer.truncation { Message.write("\(truncation)") }
        for (rule, count) in zip(remap, replayer.unpublishedCounts) where count > 0 {
            Message.write(
                "--remap '\(rule)': the service does not publish the port for the protocol of "
                    + "\(count) matching packet\(count == 1 ? "" : "s"), left as they were")
        }
        var report = ReplayReport(replayer, input: input)
        if let seen {
            report.churn = removed.map { Churn(removing: $0, from: cluster, seen: seen) }
            if seen.isCapped {
                Message.write(
                    "--without: more flows than can be held; the first \(seen.count) count")
            }
        }
        try Output.line(json ? try JSON.text(report) : ReplayText(report: report).text)
        Interruption.end()
        if !report.ledger.isBalanced { throw Exit.assertion }
    }

    /// Replays, writing files if asked to; the flows that were seen if they are to be noted.
    private func replay(
        _ replayer: inout Replayer, notingFlows: Bool
    ) throws -> SeenFlows? {
        let reader = try TraceInput.open(input)
        guard let output else {
            return try replay(reader, &replayer, NoObserver(), notingFlows) { _ in }
        }
        try Directory.make(output)
        OpenFiles.raiseLimit()
        do {
            let recorder = try Recorder(
                directory: output, replayer.runner.compilation,
                programs: (0..<replayer.runner.nodeCount).map {
                    replayer.runner.program(NodeIndex($0))
                }, inputs: FilesInUse(inputs: stack.composeFile + [input]))
            return try replay(reader, &replayer, recorder, notingFlows) { try $0.finish() }
        } catch let error as CaptureError {
            throw Message.fail(error, error.outputExit)
        }
    }

    private func replay<Observer: FrameObserver & ~Copyable>(
        _ reader: consuming CaptureReader, _ replayer: inout Replayer,
        _ observer: consuming Observer, _ notingFlows: Bool,
        finish: (consuming Observer) throws -> Void
    ) throws -> SeenFlows? {
        guard notingFlows else {
            let failure = read(reader, &replayer, &observer)
            try finish(observer)
            if let failure { throw failure }
            return nil
        }
        var witness = ChurnWitness(replayer.runner.program(NodeIndex(0)), before: observer)
        let failure = read(reader, &replayer, &witness)
        let seen = witness.seen
        try finish(witness.end())
        if let failure { throw failure }
        return seen
    }

    /// Replays what can be read; what to end with if that is not all. Files are finished all the same: what
    /// was read has been decided.
    private func read<Observer: FrameObserver & ~Copyable>(
        _ reader: consuming CaptureReader, _ replayer: inout Replayer,
        _ observer: inout Observer
    ) -> ExitCode? {
        let (progress, interruption) = (Progress(), Interruption())
        do throws(CaptureError) {
            // Before anything is said.
            defer { progress.clear() }
            try replayer.replay(
                from: reader, observer: &observer, clock: Clock.nanoseconds,
                progress: { progress.goesOn($0, unless: interruption) })
            return nil
        } catch {
            return Message.fail(error, error.inputExit)
        }
    }
}
