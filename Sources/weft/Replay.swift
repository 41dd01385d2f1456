// `weft replay`: a packet trace through a described mesh.

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

    @Option(name: [.customShort("i"), .long], help: "Trace to read, pcap or pcapng; - for standard input.")
    var input: String

    @Option(help: "Where packets enter: address, round-robin, hash, or a node's name.")
    var entry = "address"

    @Option(help: "Aim packets at a published port, FILTER=SERVICE:PORT; may be repeated.")
    var remap: [String] = []

    @Option(help: "Replay only packets that match this pcap-filter(7) expression.")
    var filter: String?

    @Option(help: "Times to go through the trace.")
    var loop: UInt64 = 1

    @Option(help: "Packets to read at most.")
    var limit: UInt64?

    mutating func run() throws {
        let cluster = try stack.cluster()
        guard let policy = EntryPolicy(entry, cluster) else {
            let error = ReplayError.unknownEntry(entry, nodes: cluster.nodes.map(\.name))
            throw Message.fail(error, Exit.usage)
        }
        var replayer = try Replayer(cluster, ReplayOptions(loopCount: loop, packetLimit: limit, policy: policy, filter: filter, remaps: remap))
        var observer = NoObserver()
        try replayer.replay(path: input, observer: &observer, clock: Clock.nanoseconds)
        let ledger = replayer.runner.ledger
        print(replayer.tally)
        print("fed", replayer.runner.fedCount, "ns", replayer.runner.processingNanoseconds, "per packet", Double(replayer.runner.processingNanoseconds) / Double(max(1, replayer.runner.fedCount)))
        print("received \(ledger.received) generated \(ledger.generated) clients \(ledger.transmittedToClients) delivered \(ledger.delivered) consumed \(ledger.consumed) held \(ledger.held) balanced \(ledger.isBalanced) \(replayer.runner.checkInvariants())")
        for d in Drop.allCases where ledger[d] > 0 { print(d, ledger[d]) }
        print(replayer.runner.hops, replayer.runner.flowMemory)
    }
}
