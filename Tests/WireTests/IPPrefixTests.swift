// Goal: prefixes of both families. Method: small tables worked out by hand, and a comparison bit by
// bit on seeded addresses.

import Testing
import Wire

@Suite struct IPPrefixTests {
    @Test func aPrefixIsReadPrintedAndBounded() throws {
        let ones = "ffff:ffff:ffff:ffff"
        let table: [(text: String, lowest: String, highest: String, broadcast: String?)] = [
            ("10.0.0.5/24", "10.0.0.0", "10.0.0.255", "10.0.0.255"),
            ("0.0.0.0/0", "0.0.0.0", "255.255.255.255", "255.255.255.255"),
            ("192.0.2.7/32", "192.0.2.7", "192.0.2.7", nil),
            ("192.0.2.7/31", "192.0.2.6", "192.0.2.7", nil),
            ("172.16.5.4/12", "172.16.0.0", "172.31.255.255", "172.31.255.255"),
            ("2001:db8::5/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff", nil),
            ("2001:db8::5/128", "2001:db8::5", "2001:db8::5", nil),
            ("2001:db8:ffff::/33", "2001:db8:8000::", "2001:db8:ffff:\(ones):ffff", nil),
            ("2001:db8::ff/126", "2001:db8::fc", "2001:db8::ff", nil),
            ("::1/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", nil),
        ]
        for row in table {
            let prefix = try #require(IPPrefix(row.text), "\(row.text)")
            #expect(prefix.description == row.text)
            #expect(prefix.lowest.description == row.lowest)
            #expect(prefix.highest.description == row.highest)
            #expect(prefix.broadcast?.description == row.broadcast)
            #expect(prefix.network.description == "\(row.lowest)/\(prefix.length)")
        }
    }

    @Test(arguments: [
        "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/024", "10.0.0/24",
        "::/129", "::/64/", "/8", "10.0.0.0/24 ", "10.0.0.0/1x", "::/0000",
    ])
    func whatIsNoPrefixIsRefused(text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test func containmentAgreesWithAComparisonBitByBit() throws {
        var random = SeededGenerator(seed: 4632)
        for _ in 0..<3000 {
            let base = random.ipv6()
            // Flip one bit: inside exactly if that bit is a host bit.
            let bit = Int.random(in: 0..<128, using: &random)
            let length = Int.random(in: 0...128, using: &random)
            let flipped = IPv6Address(
                high: bit < 64 ? base.high ^ 1 << UInt64(63 - bit) : base.high,
                low: bit < 64 ? base.low : base.low ^ 1 << UInt64(127 - bit))
            let prefix = try #require(IPPrefix(.v6(base), length: length))
            #expect(prefix.contains(.v6(flipped)) == (bit >= length))
            let short = Int.random(in: 0...32, using: &random)
            let v4 = IPv4Address(rawValue: UInt32(truncatingIfNeeded: base.low))
            let other = IPv4Address(rawValue: v4.rawValue ^ 1 << UInt32(31 - bit % 32))
            let v4Prefix = try #require(IPPrefix(.v4(v4), length: short))
            #expect(v4Prefix.contains(.v4(other)) == (bit % 32 >= short))
            #expect(!v4Prefix.contains(.v6(base)) && !prefix.contains(.v4(v4)))
        }
    }

    @Test func overlapIsContainmentOfEitherInTheOther() throws {
        let table = [
            ("10.0.0.0/8", "10.1.2.0/24", true), ("10.1.2.0/24", "10.0.0.0/8", true),
            ("10.0.0.0/24", "10.0.1.0/24", false), ("0.0.0.0/0", "::/0", false),
            ("2001:db8::/32", "2001:db8:1::/48", true), ("2001:db8::/48", "2001:db8:1::/48", false),
        ]
        for (first, second, overlaps) in table {
            let one = try #require(IPPrefix(first))
            let two = try #require(IPPrefix(second))
            #expect(one.overlaps(two) == overlaps, "\(first) \(second)")
        }
    }
}
