// `weft pcap`: looking at capture files without a mesh. A group: each thing it can do is a verb of
// its own, in a file of its own.

import ArgumentParser

struct PcapVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pcap",
        abstract: "Look at capture files.",
        subcommands: [PcapInfo.self])
}
