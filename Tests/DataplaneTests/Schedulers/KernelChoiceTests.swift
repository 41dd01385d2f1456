// Goal: each scheduler chooses the server that Linux chose, and counts are the kernel's. Method: the
// recorded fixtures are replayed through the rules and a small model of the connection table; where
// packets are masqueraded their new destination names the kernel's server, and everywhere listings
// give weights and counts of connections.

import Dataplane
import Testing
import Wire

@Suite struct KernelChoiceTests {
    @Test(arguments: KernelFixture.names(["churn", "thresholds", "udp-", "corner-", "many-", "fwmark", "edits", "removal", "lookup", "port-zero", "quiescent", "persist", "basic-"]))
    func `schedulers choose what the kernel chose`(name: String) throws {
        var replay = try ChoiceReplay(KernelFixture(name))
        replay.run()
        print("CHOICE", name, replay.comparedCount, replay.findings.count, replay.findings.prefix(12).joined(separator: "\n    "))
        #expect(replay.findings.isEmpty)
    }
}
