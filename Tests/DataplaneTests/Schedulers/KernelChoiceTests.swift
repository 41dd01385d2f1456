// Goal: each scheduler chooses the server that Linux chose, and counts are the kernel's. Method: the
// recorded fixtures are replayed through the rules and a small model of the connection table; where
// packets are masqueraded their new destination names the kernel's server, and everywhere listings
// give weights and counts of connections.

import Testing

@Suite struct KernelChoiceTests {
    private static let families = [
        "choice", "churn", "thresholds", "udp-", "corner-", "many-", "fwmark", "edits", "removal",
        "basic-no", "basic-rr", "basic-tcp", "basic-udp",
    ]

    @Test(arguments: KernelFixture.names(families))
    func `schedulers choose what the kernel chose`(name: String) throws {
        var replay = try ChoiceReplay(KernelFixture(name))
        replay.run()
        #expect(replay.findings == [])
        #expect(replay.comparedCount > 0)
    }

    @Test func `there are fixtures of every family`() {
        for family in Self.families { #expect(KernelFixture.names([family]) != [], "\(family)") }
    }
}
