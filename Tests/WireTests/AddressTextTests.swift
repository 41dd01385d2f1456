// Goal: addresses are read strictly and printed canonically. Method: the examples of RFC 4291 and
// RFC 5952, texts that other parsers take for something else, and seeded round trips.

import Testing
import Wire

@Suite struct AddressTextTests {
    @Test(arguments: [
        // RFC 5952, sections 4 and 5.
        ("2001:0db8::0001", "2001:db8::1"), ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:DB8::ABCD", "2001:db8::abcd"), ("0:0:0:0:0:ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8::", "2001:db8::"),
        // RFC 4291, section 2.2.
        ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"),
        ("FF01:0:0:0:0:0:0:101", "ff01::101"), ("0:0:0:0:0:0:0:1", "::1"),
        ("0:0:0:0:0:0:0:0", "::"), ("::FFFF:129.144.52.38", "::ffff:129.144.52.38"),
        ("::13.1.68.3", "::13.1.68.3"), ("0:0:0:0:0:1::", "::1:0:0"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
    ])
    func anIPv6AddressIsPrintedInItsCanonicalForm(text: String, canonical: String) throws {
        let address = try #require(IPv6Address(text))
        #expect(address.description == canonical)
        #expect(IPv6Address(canonical) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::",
        "::1%eth0", " ::1", "::1 ", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", ":1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7:", "::1.2.3", "::1.2.3.4.5", "::1.2.3.04", "1.2.3.4::", "::1.2.3.4:1",
        "1:2:3:4:5:6:7:1.2.3.4", "::/0", "[::1]", "::0x1", "0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0",
    ])
    func whatIsNoIPv6AddressIsRefused(text: String) {
        #expect(IPv6Address(text) == nil)
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.00", "256.1.1.1", "1.2.3.-4", "0x1.2.3.4",
        "1..2.3", ".1.2.3", "1.2.3.", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4/8", "１.2.3.4", "1.2.3.0004",
        "16909060", "+1.2.3.4",
    ])
    func whatIsNoIPv4AddressIsRefused(text: String) {
        #expect(IPv4Address(text) == nil)
        #expect(IPAddress(text) == nil)
    }

    @Test func anyAddressSurvivesBeingPrintedAndRead() {
        var random = SeededGenerator(seed: 5952)
        for _ in 0..<2000 {
            let v4 = IPv4Address(rawValue: .random(in: 0 ... .max, using: &random))
            #expect(IPv4Address(v4.description) == v4)
            // Groups of zero are frequent, so that runs of every place and length occur.
            let mask = random.next() & random.next()
            let v6 = IPv6Address(high: sparse(mask, &random), low: sparse(mask >> 4, &random))
            #expect(IPv6Address(v6.description) == v6)
            #expect(IPAddress(v6.description) == .v6(v6))
            let mac = MACAddress(rawValue: random.next())
            #expect(MACAddress(mac.description) == mac)
        }
    }

    private func sparse(_ mask: UInt64, _ random: inout SeededGenerator) -> UInt64 {
        var value: UInt64 = 0
        for group in 0..<UInt64(4) where mask >> group & 1 == 1 {
            value |= (random.next() & 0xffff) << (group * 16)
        }
        return value
    }

    @Test func ethernetAddressesTakeColonsOrHyphensButNoMixture() {
        let address = MACAddress(rawValue: 0x0242_ac11_0002)
        #expect(address.description == "02:42:ac:11:00:02")
        #expect(MACAddress("02:42:ac:11:00:02") == address)
        #expect(MACAddress("02-42-AC-11-00-02") == address)
        for text in [
            "", "02:42:ac:11:00", "02:42:ac:11:00:02:03", "02:42-ac:11:00:02", "2:42:ac:11:00:022",
            "0242.ac11.0002", "02:42:ac:11:00:0g", "02:42:ac:11:00:2", "02:42:ac:11:00:02 ",
        ] {
            #expect(MACAddress(text) == nil, "\(text)")
        }
    }

    @Test func portsAndProtocolsAreNumbersOrKnownNames() {
        #expect(Port("65535") == Port(65535) && Port("0") == Port(0))
        for text in ["", "65536", "080", "-1", "+1", "1 ", "http", "100000", "0x50"] {
            #expect(Port(text) == nil, "\(text)")
        }
        let named: [(String, UInt8)] = [
            ("icmp", 1), ("tcp", 6), ("udp", 17), ("ipv6-icmp", 58), ("sctp", 132), ("47", 47),
        ]
        for (text, number) in named {
            #expect(IPProtocol(text) == IPProtocol(rawValue: number))
            #expect(IPProtocol(rawValue: number).description == text)
        }
        for text in ["", "TCP", "256", "06", "gre "] { #expect(IPProtocol(text) == nil, "\(text)") }
    }
}
