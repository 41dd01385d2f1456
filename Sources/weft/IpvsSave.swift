// `weft ipvs save`: rules checked and printed again, in one form and in full: thresholds and timeouts
// included, real servers in the order in which they were added, which schedulers go by.
// `weft ipvsadm -S` prints what ipvsadm does, which leaves that out.

import ArgumentParser
import Dataplane
import Ipvsadm

struct IpvsSave: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "save",
        abstract: "Check rules and print them as ipvsadm -R reads them.")

    @OptionGroup var director: IpvsOptions

    @Flag(name: [.customShort("n"), .long], help: "Numbers for hosts and ports; always so.")
    var numeric = false

    func run() throws { try Output.put(director.loadedRules().savedText) }
}
