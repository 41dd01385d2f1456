// Goal: what the writers write is what other programs read.
//
// Method: files written here, read back through libpcap and tshark, neither of which knows us.

import Capture
import Foundation
import Testing

@Suite struct WritingTests {
    private static let frames = (0..<5).map { FixtureFrame.sample(1, $0) }

    @Test(arguments: [true, false])
    func `libpcap reads back what the classic writer wrote`(isNanosecond: Bool) throws {
        try withTemporaryPath("out.pcap") { path in
            var writer = try PcapWriter(
                path: path, linkType: .ethernet, isNanosecond: isNanosecond)
            for (index, frame) in Self.frames.enumerated() {
                try writer.write(
                    timestampNanoseconds: 1_700_000_000_123_456_789 + UInt64(index),
                    originalByteCount: 1000 + index, bytes: unsafe frame.span.bytes)
            }
            try writer.close()
            let oracle = LibpcapOracle(path: path)
            #expect(oracle.failure == nil)
            #expect(oracle.packets.map(\.bytes) == Self.frames)
            #expect(oracle.packets.map(\.originalByteCount) == [1000, 1001, 1002, 1003, 1004])
            let fraction: UInt64 = isNanosecond ? 456_789 : 456_000
            let first = oracle.packets.first
            #expect(first?.timestampNanoseconds == 1_700_000_000_123_000_000 + fraction)
        }
    }

    @Test func `libpcap reads back what the pcapng writer wrote`() throws {
        try withTemporaryPath("out.pcapng") { path in
            try writeAnnotated(to: path)
            let oracle = LibpcapOracle(path: path)
            #expect(oracle.failure == nil)
            #expect(oracle.packets.map(\.bytes) == Self.frames)
            #expect(
                oracle.packets.map(\.timestampNanoseconds)
                    == (0..<5).map { 1_700_000_000_000_000_001 + $0 })
        }
    }

    @Test(.enabled(if: Tool.hasTshark))
    func `tshark shows comments, interfaces, directions, ids and verdicts`() throws {
        try withTemporaryPath("out.pcapng") { path in
            try writeAnnotated(to: path)
            let fields = [
                "frame.number", "frame.interface_name", "frame.interface_description",
                "frame.packet_flags_direction", "frame.packet_id", "frame.verdict.ebpf_xdp",
                "frame.comment", "ip.dst_host",
            ]
            let lines = try Tool.run(
                "/usr/bin/tshark",
                ["-r", path, "-N", "n", "-T", "fields"] + fields.flatMap { ["-e", $0] })
            // tshark joins the values of a field that comes twice with a comma, and shows the last name of an address.
            #expect(
                lines == [
                    ["1", "node1", "entry", "0x00000001", "1", "", "", "web"],
                    ["2", "node2", "", "0x00000002", "2", "", "slot 1", "web"],
                    [
                        "3", "node1", "entry", "0x00000001", "18446744073709551615", "3",
                        "slot 2,owner ✓", "web",
                    ],
                    ["4", "node2", "", "", "", "", "", "web"],
                    ["5", "node1", "entry", "", "", "", "", "web"],
                ])
        }
    }

    @Test(.enabled(if: Tool.hasTshark))
    func `tshark filters on a comment`() throws {
        try withTemporaryPath("out.pcapng") { path in
            try writeAnnotated(to: path)
            let lines = try Tool.run(
                "/usr/bin/tshark",
                ["-r", path, "-Y", "frame.comment contains \"owner\"", "-T", "fields"]
                    + ["-e", "frame.number"])
            #expect(lines == [["3"]])
        }
    }

    @Test func `our reader finds the annotations our writer wrote`() throws {
        try withTemporaryPath("out.pcapng") { path in
            try writeAnnotated(to: path)
            let reading = Reading(path: path)
            #expect(reading.annotations == Self.annotations)
            #expect(reading.interfaces.map(\.name) == ["node1", "node2"])
            #expect(reading.packets.map(\.interfaceIndex) == [0, 1, 0, 1, 0])
        }
    }

    @Test func `the same calls write the same bytes`() throws {
        let files = try (0..<2).map { _ in
            try withTemporaryPath("out.pcapng") { path in
                try writeAnnotated(to: path)
                return try Data(contentsOf: URL(fileURLWithPath: path))
            }
        }
        #expect(files[0] == files[1] && files[0].count > 500)
    }

    @Test func `a path that cannot be written is an error that names it`() {
        let error = #expect(throws: CaptureError.self) {
            _ = try PcapWriter(path: "/nonexistent/out.pcap", linkType: .ethernet)
        }
        #expect(
            error?.description == "/nonexistent/out.pcap: open failed: No such file or directory")
    }

    @Test func `a full disk is an error that names the file`() throws {
        let error = #expect(throws: CaptureError.self) {
            var writer = try PcapWriter(path: "/dev/full", linkType: .ethernet)
            try writer.write(
                timestampNanoseconds: 0, originalByteCount: 2, bytes: unsafe [1, 2].span.bytes)
            try writer.close()
        }
        #expect(
            error?.description == "/dev/full: byte 0: write failed: No space left on device")
    }

    @Test func `a packet or comment the format cannot hold leaves the file as it was`() throws {
        try withTemporaryPath("out.pcapng") { path in
            var writer = try PcapNGWriter(path: path)
            let interface = try writer.addInterface(CaptureInterface(linkType: .ethernet))
            let frame = Self.frames[0]
            let long = PacketAnnotations(comments: [String(repeating: "x", count: 65_536)])
            var faults: [CaptureFault] = []
            do throws(CaptureError) {
                try writer.write(
                    interface: interface, timestampNanoseconds: 1, originalByteCount: 1,
                    bytes: unsafe frame.span.bytes, annotations: long)
            } catch { faults.append(error.fault) }
            do throws(CaptureError) {
                let large = [UInt8](repeating: 0, count: 262_145)
                try writer.write(
                    interface: interface, timestampNanoseconds: 1, originalByteCount: 1,
                    bytes: unsafe large.span.bytes)
            } catch { faults.append(error.fault) }
            try writer.write(
                interface: interface, timestampNanoseconds: 2, originalByteCount: frame.count,
                bytes: unsafe frame.span.bytes)
            try writer.close()
            #expect(
                faults == [
                    .valueTooLong(what: "comment", byteCount: 65_536, limit: 65_535),
                    .valueTooLong(what: "packet", byteCount: 262_145, limit: 262_144),
                ])
            #expect(LibpcapOracle(path: path).packets.map(\.bytes) == [frame])
        }
    }

    @Test func `a link type the format has no number for is an error`() throws {
        let error = #expect(throws: CaptureError.self) {
            _ = try PcapWriter(path: "/dev/null", linkType: LinkType(rawValue: 1 << 26))
        }
        #expect(
            error?.description
                == "/dev/null: link-type-67108864 has a number too large for the format")
        let fault = #expect(throws: CaptureError.self) {
            var writer = try PcapNGWriter(path: "/dev/null")
            _ = try writer.addInterface(CaptureInterface(linkType: LinkType(rawValue: 65_536)))
        }
        #expect(fault?.fault == .linkTypeUnwritable(LinkType(rawValue: 65_536)))
    }

    @Test func `a time the classic format cannot hold is an error`() throws {
        try withTemporaryPath("out.pcap") { path in
            var writer = try PcapWriter(path: path, linkType: .ethernet)
            var fault: CaptureFault?
            do throws(CaptureError) {
                try writer.write(
                    timestampNanoseconds: 4_294_967_296_000_000_000, originalByteCount: 0,
                    bytes: unsafe [UInt8]().span.bytes)
            } catch { fault = error.fault }
            #expect(fault == .timestampOutOfRange)
        }
    }
}

extension WritingTests {
    private static let annotations = [
        PacketAnnotations(direction: .inbound, packetID: 1),
        PacketAnnotations(comments: ["slot 1"], direction: .outbound, packetID: 2),
        PacketAnnotations(
            comments: ["slot 2", "owner ✓"], direction: .inbound, packetID: .max,
            verdict: .expressDataPath(3)),
        PacketAnnotations(verdict: .trafficControl(7)),
        PacketAnnotations(),
    ]

    /// Two interfaces, names, and five packets that between them have every annotation.
    private func writeAnnotated(to path: String) throws {
        var writer = try PcapNGWriter(
            path: path,
            origin: PcapNGWriter.Origin(
                hardware: "none", operatingSystem: "any", application: "test"))
        let interfaces = [
            try writer.addInterface(
                CaptureInterface(linkType: .ethernet, name: "node1", description: "entry")),
            try writer.addInterface(CaptureInterface(linkType: .ethernet, name: "node2")),
        ]
        try writer.write(names: [
            ResolvedName(.ipv4(0xc633_6402), names: ["web.1", "web"]),
            ResolvedName(.ipv6(0x2001_0db8_0000_0000_0000_0000_0000_0002), "web.2"),
        ])
        for (index, frame) in Self.frames.enumerated() {
            try writer.write(
                interface: interfaces[index % 2],
                timestampNanoseconds: 1_700_000_000_000_000_001 + UInt64(index),
                originalByteCount: frame.count, bytes: unsafe frame.span.bytes,
                annotations: Self.annotations[index])
        }
        try writer.writeStatistics(
            interface: interfaces[0], timestampNanoseconds: 1_700_000_000_000_000_009,
            received: 3, dropped: 0)
        try writer.close()
    }
}
