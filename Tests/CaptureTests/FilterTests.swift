// Goal: a filter expression passes the packets that libpcap's language says it does.
//
// Method: fixtures whose matches are known from how they were built, on every link type.

import Capture
import Testing

@Suite struct FilterTests {
    @Test(arguments: [
        ("", 4), ("udp", 4), ("tcp", 0), ("port 53", 4), ("udp src port 40001", 1),
        ("udp src portrange 40001-40002", 2), ("udp dst port 54", 0), ("host 192.0.2.1", 4),
        ("greater 1000", 1), ("udp[4:2] > 8", 3),
    ])
    func `each expression passes the packets it should`(expression: String, count: Int) throws {
        for linkType in [1, 101, 12, 14, 228, 113, 276] as [UInt32] {
            let matches = try countMatches(expression, linkType)
            #expect(matches == count, "link type \(linkType)")
        }
    }

    @Test func `IPv6 packets without a link header are filtered too`() throws {
        #expect(try countMatches("ip6 and udp dst port 53", 229) == 4)
        #expect(try countMatches("udp src port 40003", 229) == 1)
    }

    @Test func `an expression that means nothing is an error in libpcap's words`() {
        let fault = #expect(throws: CaptureFault.self) {
            _ = try PacketFilter("tcp prot 80", linkType: .ethernet)
        }
        #expect(
            fault?.description
                == "filter 'tcp prot 80': can't parse filter expression: syntax error")
    }

    @Test func `an expression no packet of the link type can match is an error too`() {
        let fault = #expect(throws: CaptureFault.self) {
            _ = try PacketFilter("ip6", linkType: .rawIPv4)
        }
        #expect(fault?.description == "filter 'ip6': expression rejects all packets")
    }

    @Test func `an empty packet matches nothing that looks at bytes`() throws {
        let filter = try PacketFilter("udp", linkType: .ethernet)
        let matches = filter.matches(unsafe [UInt8]().span.bytes, originalByteCount: 0)
        #expect(!matches)
    }

    /// `greater` looks at the length on the wire: the last of a fixture's packets had 1500 bytes.
    private func countMatches(_ expression: String, _ linkType: UInt32) throws -> Int {
        let name = "pcap link \(linkType)"
        let file = try #require(Fixtures.classic.first { $0.name == name })
        let filter = try PacketFilter(expression, linkType: LinkType(rawValue: linkType))
        return file.packets.count { packet in
            filter.matches(
                unsafe packet.bytes.span.bytes, originalByteCount: packet.originalByteCount)
        }
    }
}
