// `weft pcap`: looking at capture files without a mesh.

import ArgumentParser

struct PcapVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pcap",
        abstract: "Look at capture files.",
        subcommands: [PcapInfo.self])
}
