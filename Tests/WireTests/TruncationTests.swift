// Goal: no bytes make a parser trap, and a header that is not wholly there is nil. Method: a table
// of one header per protocol with the length its specification gives, cut at every length,
// read-only and mutable; and random bytes of every length, read through every view and every
// accessor.

import Testing
import Wire

@Suite struct TruncationTests {
    struct Header {
        var name: String
        var headerByteCount: Int
        var bytes: [UInt8]
        var isThere: (RawSpan) -> Bool
        var isThereMutably: (inout MutableRawSpan, Int) -> Bool
    }

    /// The header lengths are the specifications', not ours.
    private var headers: [Header] { linkHeaders + networkHeaders + transportHeaders }

    private var linkHeaders: [Header] {
        let tagged = Build.ethernet(
            .ipv4, tags: [VLANTag(tpid: .qinq, vid: 1), VLANTag(vid: 2)], [1, 2])
        let arp = ARPFields(
            operation: .request, senderMAC: Build.source,
            senderAddress: IPv4Address(10, 0, 0, 1), targetMAC: Build.destination,
            targetAddress: IPv4Address(10, 0, 0, 2))
        return [
            Header(
                name: "Ethernet", headerByteCount: 14, bytes: Build.ethernet(.ipv4, [1, 2]),
                isThere: { EthernetHeader($0) != nil },
                isThereMutably: { MutableEthernetHeader(&$0, at: $1) != nil }),
            Header(
                name: "QinQ", headerByteCount: 22, bytes: tagged,
                isThere: { LinkHeader($0) != nil },
                isThereMutably: { LinkHeader($0.bytes.from($1)) != nil }),
            Header(
                name: "Linux cooked", headerByteCount: 16,
                bytes: [UInt8](repeating: 0, count: 14) + [8, 0, 1],
                isThere: { LinuxCookedHeader($0) != nil },
                isThereMutably: { LinuxCookedHeader($0.bytes.from($1)) != nil }),
            Header(
                name: "Linux cooked, tagged", headerByteCount: 20,
                bytes: [UInt8](repeating: 0, count: 14) + [0x81, 0, 0, 1, 8, 0, 1],
                isThere: { LinuxCookedHeader($0) != nil },
                isThereMutably: { LinuxCookedHeader($0.bytes.from($1)) != nil }),
            Header(
                name: "Linux cooked 2", headerByteCount: 20,
                bytes: [8, 0] + [UInt8](repeating: 0, count: 20),
                isThere: { LinuxCooked2Header($0) != nil },
                isThereMutably: { LinuxCooked2Header($0.bytes.from($1)) != nil }),
            Header(
                name: "ARP", headerByteCount: 28,
                bytes: [UInt8](ARPFields.byteCount, before: [1]) { arp.write(to: &$0) },
                isThere: { ARPHeader($0) != nil },
                isThereMutably: { MutableARPHeader(&$0, at: $1) != nil }),
        ]
    }

    private var networkHeaders: [Header] {
        let echo = ICMPFields.echo(.echoRequest, identifier: 1, sequence: 2, payloadByteCount: 2)
        let echo6 = ICMPv6Fields.echo(
            .echoRequest, identifier: 1, sequence: 2, payloadByteCount: 2)
        return [
            Header(
                name: "IPv4", headerByteCount: 20, bytes: Build.ip(Build.v4, .udp, [1, 2]),
                isThere: { IPv4Header($0) != nil },
                isThereMutably: { MutableIPv4Header(&$0, at: $1) != nil }),
            Header(
                name: "IPv6", headerByteCount: 40, bytes: Build.ip(Build.v6, .udp, [1, 2]),
                isThere: { IPv6Header($0) != nil },
                isThereMutably: { MutableIPv6Header(&$0, at: $1) != nil }),
            Header(
                name: "ICMP", headerByteCount: 8, bytes: Build.icmp(echo, [1, 2]),
                isThere: { ICMPHeader($0) != nil },
                isThereMutably: { MutableICMPHeader(&$0, at: $1) != nil }),
            Header(
                name: "ICMPv6", headerByteCount: 8, bytes: Build.icmpv6(echo6, [1, 2]),
                isThere: { ICMPv6Header($0) != nil },
                isThereMutably: { MutableICMPv6Header(&$0, at: $1) != nil }),
        ]
    }

    private var transportHeaders: [Header] {
        let tcp = Build.tcp(Build.v4, flags: .syn, mss: 1460, [1, 2, 3])
        let vxlan = VXLANFields(vni: VNI(rawValue: 9))
        return [
            Header(
                name: "TCP with options", headerByteCount: 24, bytes: tcp,
                isThere: { TCPHeader($0) != nil },
                isThereMutably: { TCPHeader($0.bytes.from($1)) != nil }),
            Header(
                name: "UDP", headerByteCount: 8, bytes: Build.udp(Build.v4, [1, 2, 3]),
                isThere: { UDPHeader($0) != nil },
                isThereMutably: { UDPHeader($0.bytes.from($1)) != nil }),
            Header(
                name: "SCTP", headerByteCount: 12, bytes: Build.sctp(),
                isThere: { SCTPHeader($0) != nil },
                isThereMutably: { SCTPHeader($0.bytes.from($1)) != nil }),
            Header(
                name: "Ports", headerByteCount: 4, bytes: tcp,
                isThere: { TransportPorts($0) != nil },
                isThereMutably: {
                    MutableTransportPorts(&$0, at: $1, proto: .tcp, packetByteCount: nil) != nil
                }),
            Header(
                name: "VXLAN", headerByteCount: 8,
                bytes: [UInt8](8, before: [1]) { vxlan.write(to: &$0) },
                isThere: { VXLANHeader($0) != nil },
                isThereMutably: { MutableVXLANHeader(&$0, at: $1) != nil }),
        ]
    }

    @Test func aHeaderIsThereExactlyWhenAllOfItIs() {
        for header in headers {
            for length in 0...header.bytes.count {
                let cut = Array(header.bytes.prefix(length))
                let isWhole = length >= header.headerByteCount
                #expect(header.isThere(cut.span.raw) == isWhole, "\(header.name) \(length)")
                for offset in [0, 1, 7] {
                    var shifted = [UInt8](repeating: 0, count: offset) + cut
                    var isThere = false
                    shifted.edit { isThere = header.isThereMutably(&$0, offset) }
                    #expect(isThere == isWhole, "\(header.name) \(length) at \(offset)")
                }
                var isBeyond = true
                var bytes = cut
                bytes.edit { isBeyond = header.isThereMutably(&$0, length + 3) }
                #expect(!isBeyond, "\(header.name) beyond the end")
            }
        }
    }

    @Test func lengthFieldsThatLieAboutTheHeaderAreRefused() {
        func isTCP(_ bytes: [UInt8]) -> Bool { TCPHeader(bytes.span.raw) != nil }
        func isUDP(_ bytes: [UInt8]) -> Bool { UDPHeader(bytes.span.raw) != nil }
        func isIPv4(_ bytes: [UInt8]) -> Bool { IPv4Header(bytes.span.raw) != nil }
        func isVXLAN(_ bytes: [UInt8]) -> Bool { VXLANHeader(bytes.span.raw) != nil }
        func changed(_ bytes: [UInt8], at index: Int, to value: UInt8) -> [UInt8] {
            var bytes = bytes
            bytes[index] = value
            return bytes
        }
        let tcp = Build.tcp(Build.v4)
        #expect(isTCP(tcp))
        #expect(!isTCP(changed(tcp, at: 12, to: 0x40)), "four words")
        #expect(!isTCP(changed(tcp, at: 12, to: 0x60)), "six words of five")
        let udp = Build.udp(Build.v4, [])
        #expect(isUDP(udp))
        #expect(!isUDP(changed(udp, at: 5, to: 7)), "shorter than its header")
        let ip = Build.ip(Build.v4, .udp, [])
        #expect(isIPv4(ip))
        #expect(!isIPv4(changed(ip, at: 0, to: 0x44)), "four words")
        #expect(!isIPv4(changed(ip, at: 0, to: 0x46)), "six words of five")
        #expect(!isIPv4(changed(ip, at: 0, to: 0x65)), "version 6")
        #expect(!isIPv4(changed(ip, at: 3, to: 19)), "shorter than its header")
        let vxlan = [UInt8](8) { VXLANFields(vni: VNI(rawValue: 9)).write(to: &$0) }
        #expect(isVXLAN(vxlan))
        #expect(!isVXLAN(changed(vxlan, at: 0, to: 0xf7)), "no I flag")
    }

    @Test func randomBytesAreReadWithoutATrap() {
        var random = SeededGenerator(seed: 0xfeed)
        // First bytes that lead somewhere, so that not all of it ends at the first check.
        let etherTypes: [UInt16] = [0x0800, 0x0806, 0x8100, 0x86dd, 0x88a8, 0x9100]
        let protocols: [UInt8] = [0, 1, 6, 17, 43, 44, 51, 58, 60, 132]
        let reached = [
            "tcp.sport", "udp.sport", "sctp.sport", "icmp.type", "icmp6.type", "ip6.frag",
        ]
        var counts = [Int](repeating: 0, count: reached.count)
        for _ in 0..<20_000 {
            var frame = random.bytes(Int.random(in: 0..<160, using: &random))
            let etherType = etherTypes.randomElement(using: &random) ?? 0
            if frame.count > 54, etherType != 0 {
                frame[12] = UInt8(etherType >> 8)
                frame[13] = UInt8(etherType & 0xff)
                frame[14] = etherType == 0x86dd ? 0x60 : 0x45
                if Bool.random(using: &random) { frame[20] = 0x40 & frame[20] }
                if etherType == 0x0800, frame[20] == 0 || frame[20] == 0x40 { frame[21] = 0 }
                frame[etherType == 0x86dd ? 20 : 23] = protocols.randomElement(using: &random) ?? 6
                frame[54] = protocols.randomElement(using: &random) ?? 6
            }
            for linkType in ["eth", "sll", "sll2"] {
                let fields = FieldReading(linkType: linkType, frame: frame).fields
                for (index, key) in reached.enumerated() where fields[key] != nil {
                    counts[index] += 1
                }
            }
        }
        // Had the bytes been refused at the first check throughout, this would prove nothing.
        for (key, count) in zip(reached, counts) { #expect(count > 100, "\(key)") }
    }

    @Test func tcpOptionsOfAnyBytesComeToAnEnd() {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<5000 {
            var segment = random.bytes(60)
            segment[12] = 0xf0
            guard let header = TCPHeader(segment.span.raw) else {
                Issue.record("a segment of 60 bytes is one")
                continue
            }
            var options = header.options
            var byteCount = 0
            while let option = options.next() { byteCount += 2 + option.value.byteCount }
            #expect(byteCount <= 40)
        }
    }
}
