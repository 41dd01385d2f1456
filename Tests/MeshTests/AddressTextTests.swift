// Goal: addresses read and print as the RFCs say. Method: RFC 4291 section 2.2 and RFC 5952
// examples, and texts that must be refused.

import Mesh
import Testing
import Wire

@Suite struct AddressTextTests {
    @Test(arguments: [
        ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("FF01:0:0:0:0:0:0:101", "ff01::101"),
        ("0:0:0:0:0:0:0:1", "::1"), ("::", "::"), ("fe80::", "fe80::"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("::ffff:192.0.2.1", "::ffff:c000:201"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ])
    func `IPv6 prints as RFC 5952 wants`(text: String, canonical: String) throws {
        let address = try #require(AddressText.ipv6(text))
        #expect(AddressText.format(address) == canonical)
        #expect(AddressText.ipv6(canonical) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", ":1:2::",
        "1:2:3:4:5:6:7:", "::1%eth0", "g::", "+1::", "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::",
    ])
    func `what is not an IPv6 address is refused`(text: String) {
        #expect(AddressText.ipv6(text) == nil)
    }

    @Test(arguments: [
        "", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.-4", "1.2.3.4 ", "1..2.3",
    ])
    func `what is not an IPv4 address is refused`(text: String) {
        #expect(AddressText.ipv4(text) == nil)
    }

    @Test func `prefixes lose their host bits`() {
        #expect(AddressText.ipv4Prefix("10.1.2.3/8")?.text == "10.0.0.0/8")
        #expect(AddressText.ipv6Prefix("2001:db8::1/32")?.text == "2001:db8::/32")
        #expect(AddressText.ipv4Prefix("10.0.0.0/33") == nil)
        #expect(AddressText.ipv4Prefix("10.0.0.0") == nil)
    }

    @Test func `MAC addresses take colons or hyphens`() throws {
        let mac = try #require(AddressText.mac("02-42-0A-00-00-04"))
        #expect(AddressText.format(mac) == "02:42:0a:00:00:04")
        for text in ["02:42:0a:00:00", "2:42:a:0:0:4", "02:42:0a:00:00:+4", "02:42-0a:00:00:04"] {
            #expect(AddressText.mac(text) == nil)
        }
    }
}
