// Goal: a trace reaches a director as it would reach a Linux host, and what leaves is written as it
// left. Method: bundled traces through bundled rules; counts made here from the trace itself; a reply
// that is aimed and translated back must be the packet that the trace had.

import Capture
import Dataplane
import Foundation
import Replay
import Testing
import Traffic
import Wire

@Suite struct DirectorReplayTests {
    private func aiming() -> DirectorReplayOptions {
        var options = DirectorReplayOptions()
        options.aimsReplies = true
        return options
    }

    @Test(arguments: DirectorFixture.all, [false, true])
    func `how packets fall into batches makes no difference`(
        fixture: DirectorFixture, aimsReplies: Bool
    ) throws {
        try withDirectory { directory in
            var options = DirectorReplayOptions()
            options.aimsReplies = aimsReplies
            let paths = ["\(directory)/batches.pcap", "\(directory)/steps.pcap"]
            let batches = try DirectorReplaying.record(
                fixture.path, through: fixture.load(), options, to: paths[0])
            options.isStepwise = true
            let steps = try DirectorReplaying.record(
                fixture.path, through: fixture.load(), options, to: paths[1])
            #expect(batches == steps)
            let files = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            let same = files[0] == files[1]
            #expect(same)
            #expect(files[0].count > 24)
        }
    }

    @Test(arguments: [("real.pcap", "web"), ("dual-stack.pcap", "ipv6")])
    func `an aimed reply leaves as the trace had it, one hop further`(
        trace: String, rules: String
    ) throws {
        try withDirectory { directory in
            let path = "\(directory)/out.pcapng"
            let fixture = DirectorFixture(trace: trace, rules: rules)
            let report = try DirectorReplaying.record(
                fixture.path, through: fixture.load(), aiming(), to: path)
            let frames = try TraceFile.read(fixture.path).map(\.frame.bytes)
            var reader = try CaptureReader(path: path)
            var record = PacketRecord()
            var count: UInt64 = 0
            while try reader.next(&record) {
                let annotations = try reader.annotations(of: record)
                guard annotations.comments.first?.contains(": reply for ") == true else { continue }
                count += 1
                let id = try #require(annotations.packetID)
                let bytes = reader.bytes(of: record)
                let left = (14..<bytes.byteCount).map { bytes.u8($0) }
                var came = Array(frames[Int(id) - 1].dropFirst(14).prefix(left.count))
                Self.takeHop(&came)
                #expect(left == came, "packet \(id)")
            }
            let answered = report.services.reduce(0) { $0 + $1.traffic.outgoing.packets }
            #expect(count == answered && count > 100)
        }
    }

    /// One off the hop limit, and the header checksum of IPv4 by its sum from the beginning.
    private static func takeHop(_ packet: inout [UInt8]) {
        if packet[0] >> 4 == 6 {
            packet[7] -= 1
            return
        }
        packet[8] -= 1
        packet.replaceSubrange(10..<12, with: [0, 0])
        let header = packet.prefix(Int(packet[0] & 15) * 4)
        var sum = stride(from: 0, to: header.count, by: 2).reduce(UInt32(0)) {
            $0 + UInt32(header[$1]) << 8 + UInt32(header[$1 + 1])
        }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        let checksum = ~UInt16(sum)
        packet.replaceSubrange(10..<12, with: [UInt8(checksum >> 8), UInt8(checksum & 0xff)])
    }

    @Test func `what comes from an address of the director is passed over`() throws {
        let fixture = DirectorFixture(trace: "real.pcap", rules: "web")
        let frames = try TraceFile.read(fixture.path).map(\.frame.bytes)
        let own = frames.count {
            word($0, 12) == 0x0800 && $0[26..<29] == [192, 0, 2] && (11...13).contains($0[29])
        }
        let report = try DirectorReplaying.replay(fixture.path, through: fixture.load())
        #expect(report.trace.host == UInt64(own) && own > 1_000)
        #expect(report.trace.aimed == 0)
        #expect(report.services.allSatisfy { $0.traffic.outgoing.packets == 0 })
        let aimed = try DirectorReplaying.replay(fixture.path, through: fixture.load(), aiming())
        #expect(aimed.trace.host + aimed.trace.aimed == report.trace.host)
        #expect(aimed.trace.aimed > 1_000)
    }

    @Test func `what a mark makes virtual is the director's too`() throws {
        let fixture = DirectorFixture(trace: "real.pcap", rules: "fwmark", marks: "fwmark")
        let report = try DirectorReplaying.replay(fixture.path, through: fixture.load(), aiming())
        let outgoing = report.services.map(\.traffic.outgoing.packets)
        #expect(outgoing.allSatisfy { $0 > 100 })
    }

    @Test func `replies of servers that do not masquerade are not the director's`() throws {
        let fixture = DirectorFixture(trace: "real.pcap", rules: "direct-tunnel")
        let report = try DirectorReplaying.replay(fixture.path, through: fixture.load(), aiming())
        #expect(report.trace.aimed == 0)
        #expect(report.services.allSatisfy { $0.traffic.outgoing.packets == 0 })
        #expect(report.services.contains { $0.traffic.incoming.packets > 100 })
    }

    @Test func `a remapped trace is that of the virtual service`() throws {
        let rules = """
            -A -t 10.9.0.1:443 -s rr
            -a -t 10.9.0.1:443 -r 10.0.0.1:8443 -m
            -a -t 10.9.0.1:443 -r 10.0.0.2:8443 -m
            """
        let path = bundled("traces/real.pcap")
        var options = DirectorReplayOptions()
        options.remaps = ["tcp port 8080=10.9.0.1:443"]
        options.filter = "ip and tcp port 8080"
        let report = try DirectorReplaying.replay(
            path, through: DirectorReplaying.rules(rules), options)
        let frames = try TraceFile.read(path).map(\.frame.bytes)
        func count(port offset: Int) -> UInt64 {
            UInt64(
                frames.count {
                    word($0, 12) == 0x0800 && $0[23] == 6 && word($0, offset) == 8080
                })
        }
        let traffic = try #require(report.services.first).traffic
        #expect(traffic.incoming.packets == count(port: 36))
        #expect(traffic.outgoing.packets == count(port: 34))
        #expect(report.trace.aimed == report.trace.replayed)
    }

    /// Story: a reply's later fragment that came before its first one was passed over, and the first one,
    /// let in alone, waited for it in vain, until the memory for fragments was full.
    @Test func `no half datagram comes in, in whatever order its fragments are`() throws {
        var specification = TrafficSpecification()
        specification.packetCount = 20_000
        specification.flowCount = 300
        specification.packetsPerSecond = 1_000_000
        specification.targets = [try #require(TrafficTarget("udp/192.0.2.11:5353"))]
        (specification.tcp, specification.sctp) = (.none, .none)
        specification.udp = Share(percent: 100)
        specification.ipv6 = .none
        specification.fragments = Share(percent: 100)
        specification.isBothDirections = true
        let frames = try TraceFile.generate(specification).map(\.frame)
        let fixture = DirectorFixture(trace: "real.pcap", rules: "web")
        try withDirectory { directory in
            let path = "\(directory)/fragments.pcap"
            try TraceFile.write(frames, to: path)
            let report = try DirectorReplaying.replay(path, through: fixture.load(), aiming())
            #expect(report.drops.isEmpty, "\(report.drops)")
            #expect(report.trace.aimed > 1_000 && report.trace.host > 1_000)
        }
    }

    @Test(arguments: [
        ("tcp", "expected FILTER=ADDRESS:PORT"),
        ("tcp=10.0.0.1", "expected FILTER=ADDRESS:PORT"),
        ("tcp=[10.0.0.1]:80", "expected FILTER=ADDRESS:PORT"),
        ("tcp=fd00::1:80", "expected FILTER=ADDRESS:PORT"),
        ("tcp=10.0.0.1:81", "no virtual service takes packets for 10.0.0.1:81"),
        ("tcp and=10.0.0.1:80", "tcp and"),
    ])
    func `a remapping that leads nowhere is refused`(text: String, words: String) throws {
        let rules = try DirectorReplaying.rules("-A -t 10.0.0.1:80\n")
        var options = DirectorReplayOptions()
        options.remaps = [text]
        let error = #expect(throws: ReplayError.self) {
            try DirectorReplaying.replay(bundled("traces/real.pcapng"), through: rules, options)
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test func `time goes by the trace, over all passes`() throws {
        // Connections of TCP end 2 minutes after FIN; the second pass begins long before that.
        let path = bundled("traces/real.pcapng")
        let fixture = DirectorFixture(trace: "real.pcapng", rules: "web")
        var options = aiming()
        let once = try DirectorReplaying.replay(path, through: fixture.load(), options)
        options.loopCount = 3
        options.packetLimit = 5_000
        let thrice = try DirectorReplaying.replay(path, through: fixture.load(), options)
        #expect(thrice.trace.packets == 5_000)
        #expect(thrice.trace.seconds > 2 * once.trace.seconds)
        #expect(thrice.connections == once.connections)
    }
}
