// `weft ipvs replay`: a trace through a director. Parses the options, runs the replay and prints; what
// happens is in `Replay`.

import ArgumentParser
import Capture
import Dataplane
import Replay

struct IpvsReplay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Carry every packet of a trace through the rules and write what comes out.",
        discussion: """
            Packets of clients and of real servers come in; time is the trace's. The virtual addresses \
            are the director's own, and what the trace has from them is passed over: a director cannot \
            receive it. --aim-replies makes it the real servers' replies instead. What a director had \
            sent on to real servers must be left out with --filter, or it is routed a second time.
            """)

    @OptionGroup var director: IpvsOptions

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp(
            "Trace to read, pcap or pcapng; - for standard input.", valueName: "file"),
        completion: .file())
    var input: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Write the packets that the director sends out; - for standard output.",
            discussion: "A pcap; a pcapng, with links and decisions, if the name ends in .pcapng.",
            valueName: "file"), completion: .file())
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Write a line of JSON for each packet, schema weft.ipvs-verdict/1; - for standard output.",
            valueName: "file"), completion: .file())
    var verdicts: String?

    @OptionGroup var trace: IpvsTraceOptions

    @Flag(help: "Report in JSON, schema weft.ipvs-replay/1.")
    var json = false

    func validate() throws {
        try trace.checkInputs(input, director)
        var outputs: [String] = []
        if output == "-" { outputs.append("-o") }
        if verdicts == "-" { outputs.append("--verdicts") }
        if json { outputs.append("--json") }
        if outputs.count > 1 {
            throw ValidationError(
                "\(outputs.joined(separator: " and ")): standard output can be written only once")
        }
    }

    func run() throws {
        var options = trace.replayOptions
        options.isStepwise = verdicts != nil || output?.hasSuffix(".pcapng") == true
        var replayer = try director.replayer(options)
        try replay(&replayer)
        if let truncation = replayer.truncation { Message.write("\(truncation)") }
        let report = DirectorReport(replayer, rules: director.rulesName, input: input)
        if output != "-", verdicts != "-" {
            try Output.line(json ? try JSON.text(report) : IpvsReplayText(report: report).text)
        }
        Interruption.end()
        if !report.ledger.isBalanced { throw Exit.assertion }
    }

    private func replay(_ replayer: inout DirectorReplayer) throws {
        let host = try director.host(for: replayer.runner.rules)
        let reader = try TraceInput.open(input)
        let inputs = FilesInUse(inputs: [input, director.rules] + director.marks)
        var recorder: DirectorRecorder
        do throws(CaptureError) {
            recorder = try DirectorRecorder(
                packets: output, verdicts: verdicts, host: host, inputs: inputs)
        } catch {
            throw Message.fail(error, error.outputExit)
        }
        let (progress, interruption) = (Progress(), Interruption())
        var failure: ExitCode?
        do throws(CaptureError) {
            defer { progress.clear() }
            try replayer.replay(
                from: reader, observer: &recorder, clock: Clock.nanoseconds,
                progress: { progress.goesOn($0, unless: interruption) })
        } catch {
            failure = Message.fail(error, error.inputExit)
        }
        do throws(CaptureError) {
            try recorder.finish()
        } catch {
            throw Message.fail(error, Exit.cannotCreate)
        }
        // What was read has been decided, and written.
        if let failure { throw failure }
    }
}
