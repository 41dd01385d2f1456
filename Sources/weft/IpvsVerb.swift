// `weft ipvs`: the classic mode, one director with the rules of an ipvsadm. A group: each thing it can
// do is a verb of its own, in a file of its own.

import ArgumentParser

struct IpvsVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ipvs",
        abstract: "Replay a trace through the rules of an ipvsadm, as Linux IPVS would take it.",
        subcommands: [IpvsReplay.self, IpvsList.self, IpvsSave.self])
}
