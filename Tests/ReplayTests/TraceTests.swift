// Goal: filter, limit and loop read what they say, in whatever link type a trace comes, and a trace that
// ends in the middle of a record gives all it has. Method: counts made here from the file itself; the
// cooked and raw captures against the Ethernet capture of the same packets; order tried with a request
// and its answer a microsecond apart.

import Capture
import Dataplane
import Foundation
import Mesh
import Replay
import Testing
import Traffic

@Suite struct TraceTests {
    @Test func `a filter passes over what does not match`() throws {
        let fixture = Fixture["real.pcapng"]
        let frames = try TraceFile.read(fixture.path).map(\.frame)
        let isUDP: (RawFrame) -> Bool = { frame in
            word(frame.bytes, 12) == 0x0800 && frame.bytes[23] == 17
        }
        let count = UInt64(frames.count(where: isUDP))
        let outcome = try Replaying.replay(
            fixture.path, through: fixture.cluster(), ReplayOptions(filter: "ip proto 17"))
        #expect(outcome.tally[.filtered] == UInt64(frames.count) - count)
        #expect(outcome.report.trace.filtered == outcome.tally[.filtered])
        #expect(count > 50 && outcome.tally.packetCount == UInt64(frames.count))
    }

    @Test(arguments: [0, 1, 100, 2_000, 5_000] as [UInt64])
    func `a limit counts packets read, over all passes`(limit: UInt64) throws {
        let fixture = Fixture["real.pcapng"]
        let cluster = try fixture.cluster()
        let once = try Replaying.replay(
            fixture.path, through: cluster, ReplayOptions(packetLimit: limit))
        #expect(once.tally.packetCount == min(limit, 2_000))
        let often = try Replaying.replay(
            fixture.path, through: cluster, ReplayOptions(loopCount: 3, packetLimit: limit))
        #expect(often.tally.packetCount == limit)
        let bytes = try TraceFile.read(fixture.path).prefix(Int(limit))
            .reduce(0) { $0 + $1.frame.wireByteCount }
        #expect(once.tally.byteCount == UInt64(bytes))
    }

    /// Both counted on to the last pass.
    @Test(.timeLimit(.minutes(1)))
    func `passes end with the limit, and with a trace that has no packets`() throws {
        let fixture = Fixture["real.pcapng"]
        let cluster = try fixture.cluster()
        let options = ReplayOptions(loopCount: .max, packetLimit: 10)
        let mesh = try Replaying.replay(fixture.path, through: cluster, options)
        #expect(mesh.tally.packetCount == 10)
        var director = DirectorReplayOptions()
        (director.loopCount, director.packetLimit) = (.max, 10)
        let rules = try DirectorReplaying.rules("-A -t 192.0.2.11:8080 -s rr\n")
        let report = try DirectorReplaying.replay(fixture.path, through: rules, director)
        #expect(report.trace.packets == 10)
        try withDirectory { directory in
            let path = "\(directory)/empty.pcap"
            try PcapWriter(path: path, linkType: .ethernet).close()
            let none = ReplayOptions(loopCount: .max)
            #expect(try Replaying.replay(path, through: cluster, none).tally.packetCount == 0)
        }
    }

    @Test func `a second pass follows the first in time`() throws {
        let fixture = Fixture["real-cooked.pcap"]
        let cluster = try fixture.cluster()
        var observer = FateObserver(Compilation(cluster).program(for: NodeID(0)))
        let outcome = try Replaying.replay(
            fixture.path, through: cluster, ReplayOptions(loopCount: 3), &observer)
        let once = try Replaying.replay(fixture.path, through: cluster)
        #expect(outcome.tally.packetCount == 3 * once.tally.packetCount)
        #expect(outcome.tally.byteCount == 3 * once.tally.byteCount)
        #expect(outcome.report.trace.replayed == 3 * once.report.trace.replayed)
        #expect(observer.timestamps.count == Int(outcome.report.trace.replayed))
        let frames = try TraceFile.read(fixture.path).map(\.frame.nanoseconds)
        let (first, last) = (try #require(frames.min()), try #require(frames.max()))
        let expected = Double((last - first) * 3 + 2_000_000) / 1e9
        #expect(abs(outcome.report.trace.seconds - expected) < 1e-9)
        let passes = observer.timestamps.count / 3
        for pass in 1..<3 {
            let before = observer.timestamps[..<(pass * passes)].max() ?? 0
            let after = observer.timestamps[(pass * passes)...].min() ?? 0
            #expect(after >= before)
        }
    }

    @Test func `a trace cut in its last record gives the rest and says so`() throws {
        let fixture = Fixture["real-cooked.pcap"]
        let bytes = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        try withDirectory { directory in
            let path = "\(directory)/cut.pcap"
            try bytes.dropLast(10).write(to: URL(fileURLWithPath: path))
            let outcome = try Replaying.replay(path, through: fixture.cluster())
            #expect(outcome.tally.packetCount == 265)
            let words = try #require(outcome.report.trace.truncation)
            #expect(words.hasSuffix(": the last record is cut, 10 bytes short"))
            #expect(words.hasPrefix("\(path): byte "))
        }
    }

    @Test func `raw IP packets end as they do on Ethernet`() throws {
        let cluster = try Replaying.cluster("web")
        let ethernet = try fates(Fixture["real.pcap"].path, cluster)
        let raw = try fates(Fixture["real-raw.pcap"].path, cluster)
        // The first 300 packets with an IP header, by their numbers in the Ethernet capture.
        let numbers = try TraceFile.read(Fixture["real.pcap"].path).enumerated()
            .filter { [0x0800, 0x86dd].contains(word($1.frame.bytes, 12)) }
            .map { UInt64($0.offset + 1) }.prefix(300)
        var differences = 0
        for (index, number) in numbers.enumerated()
        where raw.fates[UInt64(index + 1)]?.last != ethernet.fates[number]?.last {
            differences += 1
        }
        #expect(numbers.count == 300 && differences == 0)
        #expect(raw.tasks.count > 5)
    }

    @Test func `both cooked link types tell the same`() throws {
        let cluster = try Replaying.cluster("web")
        // Captured at the two ends of a link, so in slightly different order: told by their bytes.
        func outcomes(_ trace: String, headerByteCount: Int) throws -> [[UInt8]: [String]] {
            let path = Fixture[trace].path
            let observer = try fates(path, cluster)
            var outcomes: [[UInt8]: [String]] = [:]
            for (index, packet) in try TraceFile.read(path).enumerated() {
                let bytes = Array(packet.frame.bytes.dropFirst(headerByteCount))
                let fate = observer.fates[UInt64(index + 1)]?.last
                outcomes[bytes, default: []].append("\(fate as Verdict?, default: "skipped")")
            }
            return outcomes.mapValues { $0.sorted() }
        }
        let ends = [
            try outcomes("real-cooked.pcap", headerByteCount: 20),
            try outcomes("real-cooked-sll.pcap", headerByteCount: 16),
        ]
        #expect(ends[0] == ends[1] && ends[0].count > 200)
        let second = try fates(Fixture["real-cooked.pcap"].path, cluster)
        let first = try fates(Fixture["real-cooked-sll.pcap"].path, cluster)
        #expect(first.tasks == second.tasks && first.tasks.count > 5)
    }

    @Test func `a file of three link types leads each packet as its own file does`() throws {
        let cluster = try Replaying.cluster("web")
        let path = Fixture["real-mixed.pcapng"].path
        let mixed = try fates(path, cluster)
        var numbers: [UInt32: [UInt64]] = [:]
        for (index, packet) in try TraceFile.read(path).enumerated() {
            numbers[packet.record.linkType.rawValue, default: []].append(UInt64(index + 1))
        }
        let sources: [(LinkType, String)] = [
            (.rawIP, "real-raw.pcap"), (.linuxCooked2, "real-cooked.pcap"),
            (.linuxCooked, "real-cooked-sll.pcap"),
        ]
        for (linkType, trace) in sources {
            let alone = try fates(Fixture[trace].path, cluster)
            let own = try #require(numbers[linkType.rawValue])
            var compared = 0
            for (index, number) in own.enumerated() {
                guard let endpoint = alone.endpoint(UInt64(index + 1)) else { continue }
                compared += 1
                #expect(mixed.endpoint(number) == endpoint, "\(trace), packet \(index + 1)")
            }
            #expect(compared > 100, "\(trace)")
        }
    }

    @Test(arguments: ["address", "round-robin", "node1"])
    func `an answer a microsecond after its request finds the flow`(entry: String) throws {
        let cluster = try Replaying.cluster("web")
        var specification = TrafficSpecification()
        specification.flowCount = 500
        specification.packetCount = 4_000
        specification.packetsPerSecond = 1_000_000
        specification.isBothDirections = true
        specification.ipv6 = .none
        (specification.udp, specification.sctp) = (.none, .none)
        specification.targets = try (11...13).map { last in
            try #require(TrafficTarget("tcp/192.0.2.\(last):8080"))
        }
        let frames = try TraceFile.generate(specification)
        let replies = frames.count { word($0.frame.bytes, 34) == 8080 }
        try withDirectory { directory in
            let path = "\(directory)/quick.pcap"
            try TraceFile.write(frames.map(\.frame), to: path)
            let policy = try #require(EntryPolicy(entry, cluster))
            let report = try Replaying.replay(
                path, through: cluster, ReplayOptions(policy: policy)
            ).report
            #expect(report.drops == [])
            #expect(report.services[0].replies.packets == UInt64(replies))
            #expect(replies > 1_000)
        }
    }

    private func fates(_ path: String, _ cluster: Cluster) throws -> FateObserver {
        var observer = FateObserver(Compilation(cluster).program(for: NodeID(0)))
        try Replaying.replay(path, through: cluster, ReplayOptions(), &observer)
        return observer
    }
}
