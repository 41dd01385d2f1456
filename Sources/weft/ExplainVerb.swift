// `weft explain`: one packet and every decision about it, on the real data plane.
//
// Invariant: nothing is decided or read here; this file only understands what is asked for, and says
// with the right exit code what cannot be answered.

import ArgumentParser
import Capture
import Dataplane
import Mesh
import Replay
import Wire

struct ExplainVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell where one flow or one packet of a trace goes, and why.",
        discussion: """
            FLOW is PROTOCOL SOURCE [to] DESTINATION, in one argument or several:
              'tcp 203.0.113.7:40000 -> node2:8080'    a client to a published port
              tcp [2001:db8::1]:40000 to node2:8080    the same over IPv6
              tcp web.1:40000 to redis:6379            a task to a service on its network
            Quote the arrow ->, since > redirects in a shell.
            """)

    @OptionGroup var stack: StackOptions

    /// Unrecognized words are flow words too, or an arrow of its own would be taken for an option.
    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("The flow to explain.", valueName: "flow"))
    var flow: [String] = []

    @Option(
        name: [.customShort("i"), .long], help: "Trace with the packet; - for standard input.",
        completion: .file())
    var input: String?

    @Option(help: "Number of the packet in the trace, from 1, as Wireshark counts.")
    var packet: Int?

    @Option(
        help: "Where packets enter: address, round-robin, hash, or a node's name.",
        completion: .list(EntryPolicy.words))
    var entry = "address"

    @Option(help: "Aim the trace at a published port, FILTER=SERVICE:PORT; may be repeated.")
    var remap: [String] = []

    @Flag(help: "JSON, schema weft.explain/1.")
    var json = false

    mutating func validate() throws {
        if let word = flow.first(where: { $0.hasPrefix("-") && !$0.hasPrefix("->") }) {
            throw ValidationError("Unknown option '\(word)'")
        }
        let isTrace = input != nil || packet != nil
        if flow.isEmpty, !isTrace {
            throw ValidationError("Say what to explain: a FLOW, or -i TRACE --packet N.")
        }
        if !flow.isEmpty, isTrace || !remap.isEmpty {
            throw ValidationError("A FLOW excludes '-i', '--packet' and '--remap'.")
        }
        if isTrace, input == nil || packet == nil {
            throw ValidationError("'-i' and '--packet' go together.")
        }
        if let packet, packet < 1 { throw ValidationError("'--packet' counts from 1.") }
    }

    mutating func run() throws {
        let cluster = try stack.cluster()
        guard let policy = EntryPolicy(entry, cluster) else {
            let error = ReplayError.unknownEntry(entry, nodes: cluster.nodes.map(\.name))
            throw Message.fail(error, Exit.usage)
        }
        var explainer = Explainer(cluster)
        let subject: String
        let explanation: Explanation
        if let input, let packet {
            subject = "packet \(packet) of \(input)"
            explanation = try explain(packet, of: input, policy, &explainer)
        } else {
            subject = flow.joined(separator: " ")
            let aim = try aim(subject, explainer.compilation)
            if aim.sender != nil, policy != .address {
                Message.write("--entry: what a task sends enters by the task's own node")
                throw Exit.usage
            }
            explanation = explainer.explain(aim, entry: policy)
        }
        let programs = (0..<cluster.nodes.count).map { explainer.program(NodeIndex($0)) }
        let names = MeshNames(compilation: explainer.compilation, programs: programs)
        if json {
            try Output.line(JSON.text(ExplainReport(subject, explanation, names)))
        } else {
            try Output.put(ExplainText.of(subject, explanation, names))
        }
    }

    private func aim(_ text: String, _ compilation: Compilation) throws -> FlowAim {
        do throws(FlowError) {
            return try FlowAim(try FlowText(text), text, compilation)
        } catch {
            throw Message.fail(error, Exit.usage)
        }
    }

    private func explain(
        _ packet: Int, of path: String, _ policy: EntryPolicy, _ explainer: inout Explainer
    ) throws -> Explanation {
        do throws(ExplainError) {
            return try explainer.explain(
                packet: packet, of: path, entry: policy, remaps: remap)
        } catch {
            switch error {
            case .capture(let fault): throw Message.fail(fault, fault.inputExit)
            case .remap: throw Message.fail(error, Exit.usage)
            case .noSuchPacket: throw Message.fail(error, Exit.badInput)
            }
        }
    }
}
