// Goal: prefix arithmetic is right at the lengths where shifts go wrong. Method: tables by hand.
// Both families go through the same table where the rule is the same.

import Mesh
import Testing
import Wire

@Suite struct AddressPrefixTests {
    @Test func `host bits are cleared at every length`() throws {
        for length in 0...32 {
            let prefix = try #require(IPv4Prefix(IPv4Address(255, 255, 255, 255), length: length))
            #expect(prefix.address.rawValue.leadingZeroBitCount == (length == 0 ? 32 : 0))
            #expect(prefix.address.rawValue.nonzeroBitCount == length)
        }
        for length in 0...128 {
            let prefix = try #require(
                IPv6Prefix(IPv6Address(high: .max, low: .max), length: length))
            let bits = prefix.address.high.nonzeroBitCount + prefix.address.low.nonzeroBitCount
            #expect(bits == length)
        }
    }

    @Test func `a length outside the family is refused`() {
        #expect(IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 33) == nil)
        #expect(IPv4Prefix(IPv4Address(10, 0, 0, 0), length: -1) == nil)
        #expect(IPv6Prefix(IPv6Address(high: 0, low: 0), length: 129) == nil)
    }

    @Test func `text loses its host bits and keeps to its family`() {
        #expect(IPv4Prefix("10.1.2.3/8")?.description == "10.0.0.0/8")
        #expect(IPv6Prefix("2001:db8::1/32")?.description == "2001:db8::/32")
        #expect(IPv4Prefix("2001:db8::1/32") == nil)
        #expect(IPv6Prefix("10.0.0.0/8") == nil)
        #expect(IPv4Prefix("10.0.0.0") == nil)
    }
}
