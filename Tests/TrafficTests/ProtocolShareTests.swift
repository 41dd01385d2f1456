// Goal: a share that is named is the share there is. Method: shares worked out by hand, and the flows of a
// made trace counted.

import Testing
import Traffic

@Suite struct ProtocolShareTests {
    private func shares(
        _ named: [String?],
        targets: [String] = ["tcp/192.0.2.1:1", "udp/192.0.2.1:1", "sctp/192.0.2.1:1"]
    ) throws -> [UInt32] {
        var specification = TrafficSpecification()
        specification.targets = targets.compactMap { TrafficTarget($0) }
        let named = named.map { $0.flatMap { Share($0) } }
        try specification.setShares(tcp: named[0], udp: named[1], sctp: named[2])
        return [specification.tcp, specification.udp, specification.sctp].map(\.partsPerMillion)
    }

    /// The defaults are 70, 25 and 5 %.
    @Test(
        arguments: [
            ([nil, nil, nil], [700_000, 250_000, 50_000]),
            (["100%", nil, nil], [1_000_000, 0, 0]),
            (["40%", nil, nil], [400_000, 500_000, 100_000]),
            ([nil, "4%", nil], [896_000, 40_000, 64_000]),
            (["50%", nil, "20%"], [500_000, 300_000, 200_000]),
            (["45%", "35%", "20%"], [450_000, 350_000, 200_000]),
            (["1/3", "1/3", "1/3"], [333_333, 333_333, 333_333]),
            ([nil, "0%", nil], [933_333, 0, 66_666]),
        ] as [([String?], [UInt32])])
    func `what is not named divides the rest as its defaults are`(
        named: [String?], parts: [UInt32]
    ) throws {
        #expect(try shares(named) == parts)
    }

    @Test func `a protocol without a target takes no part`() throws {
        #expect(try shares([nil, nil, nil], targets: ["tcp/192.0.2.1:1"]) == [700_000, 0, 0])
        let two = ["tcp/192.0.2.1:1", "sctp/192.0.2.1:1"]
        #expect(try shares(["40%", nil, nil], targets: two) == [400_000, 0, 600_000])
    }

    @Test func `sums other than the whole are refused`() {
        #expect(throws: TrafficError.sharesAboveWhole(partsPerMillion: 1_100_000)) {
            try shares(["50%", "60%", nil])
        }
        #expect(throws: TrafficError.sharesBelowWhole(partsPerMillion: 710_000)) {
            try shares(["50%", "20%", "1%"])
        }
        #expect(throws: TrafficError.sharesBelowWhole(partsPerMillion: 500_000)) {
            try shares(["50%", nil, nil], targets: ["tcp/192.0.2.1:1"])
        }
        let words = "\(TrafficError.sharesAboveWhole(partsPerMillion: 1_055_000))"
        #expect(words.contains("add up to 105.5%"))
    }

    @Test func `a trace of one protocol has no other`() throws {
        var specification = TrafficSpecification.fixture(packets: 2_000)
        try specification.setShares(tcp: .whole, udp: nil, sctp: nil)
        for made in try specification.frames() {
            let isIPv4 = made.bytes[12] == 0x08
            #expect(made.bytes[isIPv4 ? 23 : 20] == 6)
        }
    }
}
