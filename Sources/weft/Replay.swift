// `weft replay`: a packet trace through a described mesh.
// Parses the options, loads the mesh, runs the replay and prints; what happens is in `Replay`.

import ArgumentParser
import Capture
import Dataplane
import Foundation
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
            "Trace to read, pcap or pcapng; - for standard input.", valueName: "file"))
    var input: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Directory to write a pcapng to for each node and each task.", valueName: "dir"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Where packets enter: address (the node they are sent to), round-robin, hash, or a node.",
            valueName: "policy"))
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

    @Option(help: ArgumentHelp("Times to go through the trace.", valueName: "count"))
    var loop: UInt64 = 1

    @Option(help: ArgumentHelp("Packets to read at most.", valueName: "count"))
    var limit: UInt64?

    @Flag(help: "Report in JSON.")
    var json = false

    func validate() throws {
        if loop == 0 { throw ValidationError("--loop: must be at least 1") }
        if loop > 1, input == "-" {
            throw ValidationError("--loop: standard input can be read only once")
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
        do throws(ReplayError) {
            replayer = try Replayer(cluster, options)
        } catch {
            throw Message.fail(error, Exit.usage)
        }
        if let output {
            try record(&replayer, to: output)
        } else {
            var observer = NoObserver()
            try replay(&replayer, &observer)
        }
        if let truncation = replayer.truncation { Message.write("\(truncation)") }
        let report = ReplayReport(replayer, input: input)
        print(json ? try JSON.text(report) : ReplayText(report: report).text)
        if !report.ledger.isBalanced { throw Exit.assertion }
    }

    /// Replays with everything written to files in `directory`.
    private func record(_ replayer: inout Replayer, to directory: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true)
            var programs: [Program] = []
            for node in 0..<replayer.runner.nodeCount {
                programs.append(replayer.runner.program(NodeIndex(node)))
            }
            var recorder = try Recorder(
                directory: directory, replayer.runner.compilation, programs: programs)
            try replay(&replayer, &recorder)
            try recorder.finish()
        } catch let error as CaptureError {
            throw Message.fail(error, Exit.cannotCreate)
        } catch let error as CocoaError {
            Message.write("\(directory): \(error.localizedDescription)")
            throw Exit.cannotCreate
        }
    }

    private func replay<Observer: FrameObserver & ~Copyable>(
        _ replayer: inout Replayer, _ observer: inout Observer
    ) throws {
        let progress = Progress()
        defer { progress.clear() }
        do throws(CaptureError) {
            try replayer.replay(
                path: input, observer: &observer, clock: Clock.nanoseconds,
                progress: progress.show)
        } catch {
            throw Message.fail(error, error.inputExit)
        }
    }
}
