// Goal: the headers that `weft explain` prints are those that are in the frame. Method: tshark reads
// the same packets, field by field, every occurrence in order, so quoted packets and inner frames
// count too; and every bundled packet is cut at every length, which must neither trap nor invent.

import Capture
import Foundation
import Replay
import Testing
import Wire

@Suite struct ExplainHeaderTests {
    /// tshark's name of a field, and the header and field of a line that hold the same.
    private static let fields: [(tshark: String, header: String, field: String)] = [
        ("eth.src", "Ethernet", "source"), ("eth.dst", "Ethernet", "destination"),
        ("vlan.id", "VLAN", "id"), ("vlan.priority", "VLAN", "priority"),
        ("ip.src", "IPv4", "source"), ("ip.dst", "IPv4", "destination"),
        ("ip.ttl", "IPv4", "ttl"), ("ip.len", "IPv4", "length"),
        ("ip.checksum", "IPv4", "checksum"),
        ("ipv6.src", "IPv6", "source"), ("ipv6.dst", "IPv6", "destination"),
        ("ipv6.hlim", "IPv6", "hop limit"), ("ipv6.plen", "IPv6", "payload length"),
        ("tcp.srcport", "TCP", "source"), ("tcp.dstport", "TCP", "destination"),
        ("tcp.seq", "TCP", "seq"), ("tcp.window_size_value", "TCP", "window"),
        ("tcp.options.mss_val", "TCP", "mss"), ("tcp.checksum", "TCP", "checksum"),
        ("udp.srcport", "UDP", "source"), ("udp.dstport", "UDP", "destination"),
        ("udp.length", "UDP", "length"), ("sctp.srcport", "SCTP", "source"),
        ("sctp.dstport", "SCTP", "destination"), ("sctp.verification_tag", "SCTP", "tag"),
        ("icmp.ident", "ICMP", "id"), ("icmp.mtu", "ICMP", "mtu"),
        ("icmp.checksum", "ICMP", "checksum"), ("icmpv6.checksum", "ICMPv6", "checksum"),
        ("vxlan.vni", "VXLAN", "vni"),
    ]

    /// Every packet of a capture as tshark reads it: by field, all occurrences.
    private func tshark(_ path: String) throws -> [[String: [String]]] {
        var arguments = ["-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"]
        for option in [
            "ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE",
            "tcp.relative_sequence_numbers:FALSE", "ip.check_checksum:TRUE",
        ] {
            arguments += ["-o", option]
        }
        for field in Self.fields { arguments += ["-e", field.tshark] }
        // Without a heuristic's guess, what is not a header stays data.
        for proto in ["rtcp", "rtp", "quic", "dtls"] { arguments += ["--disable-protocol", proto] }
        return try WeftProcess.run("/usr/bin/tshark", arguments).lines.map { line in
            let values = line.components(separatedBy: "\t")
            try #require(values.count == Self.fields.count)
            return Dictionary(
                uniqueKeysWithValues: zip(Self.fields, values).map { field, value in
                    (field.tshark, value.isEmpty ? [] : value.components(separatedBy: ","))
                })
        }
    }

    /// Every packet of a capture as headers.
    private func dissect(_ path: String) throws -> [[HeaderLine]] {
        var reader = try CaptureReader(path: path)
        var record = PacketRecord()
        var packets: [[HeaderLine]] = []
        while try reader.next(&record) {
            let bytes = reader.bytes(of: record)
            packets.append(
                record.linkType == .ethernet
                    ? HeaderDissector.lines(of: bytes) : HeaderDissector.lines(ofPacket: bytes))
        }
        return packets
    }

    @Test(
        .enabled(if: WeftProcess.has("tshark")),
        arguments: ["real.pcap", "dual-stack.pcap", "real-raw.pcap"])
    func `every field is what tshark reads`(name: String) throws {
        let path = WeftProcess.data("traces/\(name)")
        let ours = try dissect(path)
        let theirs = try tshark(path)
        try #require(ours.count == theirs.count)
        var comparedCount = 0
        for (index, lines) in ours.enumerated() {
            #expect(!lines.contains { $0.isMalformed }, "packet \(index + 1)")
            for field in Self.fields {
                let values = lines.filter { $0.name == field.header }.compactMap { $0[field.field] }
                let expected = theirs[index][field.tshark] ?? []
                #expect(values == expected, "packet \(index + 1): \(field.tshark)")
                comparedCount += expected.count
            }
        }
        #expect(comparedCount > ours.count * 8)
    }

    @Test func `cut anywhere, a packet's lines are those of the whole or say what is missing`()
        throws
    {
        var reader = try CaptureReader(path: WeftProcess.data("traces/malformed.pcap"))
        var record = PacketRecord()
        while try reader.next(&record) {
            let bytes = reader.bytes(of: record)
            for count in 0..<min(bytes.byteCount, 200) {
                let lines = HeaderDissector.lines(of: bytes.extracting(0..<count))
                #expect(lines.allSatisfy { $0.offset <= count })
                #expect(zip(lines, lines.dropFirst()).allSatisfy { $0.offset <= $1.offset })
                #expect(!lines.isEmpty)
                if count < 14 { #expect(lines.map(\.name) == ["Malformed"]) }
            }
        }
    }

    @Test func `VXLAN is taken apart down to the inner transport`() throws {
        var frame = [UInt8](repeating: 0, count: 50)
        let inner: [UInt8] = Array(repeating: 0xff, count: 12) + [0x08, 0x06]
        frame += inner
        var bytes = frame.rawBytes(at: 0, count: frame.count)
        VXLANEncapsulation(
            sourceMAC: MACAddress(rawValue: 1), destinationMAC: MACAddress(rawValue: 2),
            underlay: .v4(
                source: IPv4Address(198, 51, 100, 1), destination: IPv4Address(198, 51, 100, 2)),
            sourcePort: Port(50_000), vni: VNI(rawValue: 4_097)
        ).write(to: &bytes, innerByteCount: inner.count)
        let lines = HeaderDissector.lines(of: frame.span.raw)
        #expect(
            lines.map(\.name) == ["Ethernet", "IPv4", "UDP", "VXLAN", "Ethernet", "Malformed"])
        #expect(lines.map(\.offset) == [0, 14, 34, 42, 50, 64])
        #expect(lines.map(\.depth) == [0, 0, 0, 0, 1, 1])
        #expect(lines[3]["vni"] == "4097")
        let other = HeaderDissector.lines(of: frame.span.raw, vxlanPort: Port(8_472))
        #expect(other.map(\.name) == ["Ethernet", "IPv4", "UDP", "Data"])
    }

    @Test func `changes pair headers from the inside, and lose none`() {
        func line(_ name: String, _ value: String) -> HeaderLine {
            HeaderLine(name, offset: 0, depth: 0, [.init("value", value)])
        }
        let before = [line("Ethernet", "a"), line("IPv4", "b"), line("TCP", "c")]
        let outer = ["Ethernet", "IPv4", "UDP", "VXLAN"].map { line($0, "outer") }
        let wrapped = HeaderChange.list(from: before, to: outer + before)
        #expect(
            wrapped
                == outer.map(HeaderChange.added)
                + before.map { HeaderChange.kept(before: $0, after: $0) })
        let unwrapped = HeaderChange.list(from: outer + before, to: before)
        #expect(
            unwrapped
                == outer.map(HeaderChange.removed)
                + before.map { HeaderChange.kept(before: $0, after: $0) })
        #expect(HeaderChange.list(from: [], to: before) == before.map(HeaderChange.added))
    }
}
