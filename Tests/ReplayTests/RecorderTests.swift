// Goal: the files of a replay tell Wireshark every decision. Method: tshark reads them all with checksums
// checked, and its fields are compared with what the replay reported; copies of a packet are found by
// packet id in all files and compared with one another; a second run writes the same bytes.

import Capture
import Dataplane
import Foundation
import Mesh
import Replay
import Testing
import Wire

@Suite(.enabled(if: Tshark.isInstalled)) struct RecorderTests {
    static let sound = [
        Fixture["real.pcap"], Fixture["dual-stack.pcap"], Fixture["real-raw.pcap"],
        Fixture["real-cooked.pcap"],
    ]

    /// Replays into a directory and lends the paths written and the report.
    private func record(
        _ fixture: Fixture, _ cluster: Cluster, policy: EntryPolicy = .roundRobin,
        _ body: ([String], ReplayReport) throws -> Void
    ) throws {
        try withDirectory { directory in
            let (paths, report) = try write(fixture, cluster, policy, to: directory)
            try body(paths, report)
        }
    }

    private func write(
        _ fixture: Fixture, _ cluster: Cluster, _ policy: EntryPolicy, to directory: String
    ) throws -> ([String], ReplayReport) {
        let compilation = Compilation(cluster)
        var recorder = try Recorder(
            directory: directory, compilation,
            programs: cluster.nodes.map { compilation.program(for: $0.id) })
        let options = ReplayOptions(policy: policy, remaps: fixture.remaps)
        let report = try Replaying.replay(
            fixture.path, through: cluster, options, &recorder
        ).report
        let paths = recorder.paths
        try recorder.finish()
        return (paths, report)
    }

    @Test(arguments: sound)
    func `tshark finds no malformed packet and no wrong checksum`(fixture: Fixture) throws {
        try record(fixture, fixture.cluster()) { paths, _ in
            #expect(paths.count > 4)
            for path in paths {
                let bad = try Tshark.fields(["frame.number"], of: path, matching: Tshark.bad)
                #expect(bad == [], "\(path)")
            }
        }
    }

    @Test(arguments: sound)
    func `every record has a comment, a direction, an interface and an id`(
        fixture: Fixture
    ) throws {
        let cluster = try fixture.cluster()
        let nodes = cluster.nodes.map { "\($0.name).pcapng" }
        try record(fixture, cluster) { paths, report in
            var counts: [String: Int] = [:]
            for path in paths {
                let name = URL(fileURLWithPath: path).lastPathComponent
                let rows = try Tshark.fields(
                    [
                        "frame.comment", "frame.interface_name", "frame.packet_flags_direction",
                        "frame.packet_id",
                    ], of: path, matching: "frame")
                for row in rows {
                    try #require(row.count == 4)
                    #expect(row[0].hasPrefix("at ") || row[0].hasPrefix("made by "))
                    #expect(!row[3].isEmpty)
                    let kind = nodes.contains(name) ? row[1] : "task \(row[1])"
                    counts["\(kind) \(row[2])", default: 0] += 1
                }
            }
            func sum(_ column: KeyPath<ReplayReport.Node, UInt64>) -> Int {
                report.nodes.reduce(0) { $0 + Int($1[keyPath: column]) }
            }
            // Every frame that went anywhere is in the file of where it went and where it came from.
            let inbound = "0x00000001"
            let outbound = "0x00000002"
            #expect(counts["underlay \(outbound)"] == sum(\.toUnderlay))
            #expect(counts["underlay \(inbound)"] == sum(\.toUnderlay))
            #expect(counts["clients \(outbound)"] == sum(\.toClients))
            #expect(counts["task eth0 \(inbound)"] == sum(\.delivered))
            let fed = (counts["clients \(inbound)"] ?? 0) + (counts["task eth0 \(outbound)"] ?? 0)
            #expect(fed == Int(report.trace.replayed))
            #expect(counts.count == 6)
        }
    }

    @Test(arguments: sound)
    func `copies of a packet share their id and their payload`(fixture: Fixture) throws {
        try record(fixture, fixture.cluster()) { paths, report in
            var ends: [UInt64: Set<[UInt8]>] = [:]
            var copies: [UInt64: Int] = [:]
            for path in paths {
                var reader = try CaptureReader(path: path)
                var record = PacketRecord()
                while try reader.next(&record) {
                    let annotations = try reader.annotations(of: record)
                    let id = try #require(annotations.packetID)
                    guard annotations.comments.first?.hasPrefix("at ") == true else { continue }
                    copies[id, default: 0] += 1
                    let bytes = reader.bytes(of: record)
                    // Long enough not to be padded on a link, and cut by nobody.
                    guard bytes.byteCount > 120, record.originalByteCount == bytes.byteCount else {
                        continue
                    }
                    let end = (bytes.byteCount - 16..<bytes.byteCount).map { bytes.u8($0) }
                    ends[id, default: []].insert(end)
                }
            }
            #expect(copies.count == Int(report.trace.replayed))
            #expect(ends.count > 50)
            #expect(ends.values.allSatisfy { $0.count == 1 })
            // In by the entry node, over the underlay out and in, to the task.
            #expect(copies.values.max() == 4)
        }
    }

    @Test(arguments: ["malformed.pcap", "real.pcap", "generated-mixed.pcap"])
    func `the comment of a dropped packet names the reason`(trace: String) throws {
        let fixture = Fixture[trace]
        try record(fixture, fixture.cluster(), policy: .address) { paths, report in
            var dropped: [String: UInt64] = [:]
            for path in paths {
                var reader = try CaptureReader(path: path)
                var record = PacketRecord()
                while try reader.next(&record) {
                    let comment = try reader.annotations(of: record).comments.first ?? ""
                    guard let range = comment.range(of: ": dropped, ") else { continue }
                    let reason = comment[range.upperBound...].prefix { $0 != ":" }
                    dropped[String(reason), default: 0] += 1
                }
            }
            #expect(!dropped.isEmpty)
            for drop in report.drops where drop.reason != "fragmentTimeout" {
                #expect(dropped[drop.reason] == drop.packets, "\(drop.reason)")
            }
            #expect(dropped.count <= report.drops.count)
        }
    }

    @Test func `names of nodes, services and tasks resolve`() throws {
        let fixture = Fixture["real.pcap"]
        let cluster = try fixture.cluster()
        let task = try #require(cluster.tasks.first { $0.name == "web_web.1" })
        let address = try #require(task.endpoints.first?.v4)
        try record(fixture, cluster) { paths, _ in
            let path = try #require(paths.first { $0.hasSuffix("web_web.1.pcapng") })
            let rows = try Tshark.fields(
                ["ip.dst_host"], of: path, matching: "ip.dst == \(address)", resolving: true)
            #expect(rows.count > 100)
            #expect(rows.allSatisfy { $0 == ["web_web.1.ingress"] })
            let node = try #require(paths.first { $0.hasSuffix("node1.pcapng") })
            let clients = try Tshark.fields(
                ["ip.dst_host"], of: node,
                matching: "frame.interface_name == clients and ip.dst == 192.0.2.11 and not icmp",
                resolving: true)
            #expect(clients.count > 100 && clients.allSatisfy { $0 == ["node1"] })
        }
    }

    @Test(arguments: Fixture.all.filter { $0.trace != "generated.pcap" })
    func `the same replay writes the same bytes`(fixture: Fixture) throws {
        let cluster = try fixture.cluster()
        try withDirectory { first in
            try withDirectory { second in
                let (a, _) = try write(fixture, cluster, .roundRobin, to: first)
                let (b, _) = try write(fixture, cluster, .roundRobin, to: second)
                #expect(a.count == b.count && a.count >= cluster.nodes.count)
                for (one, other) in zip(a, b) {
                    let files = [one, other].map { URL(fileURLWithPath: $0) }
                    #expect(files[0].lastPathComponent == files[1].lastPathComponent)
                    let same = try Data(contentsOf: files[0]) == Data(contentsOf: files[1])
                    #expect(same, "\(files[0].lastPathComponent)")
                }
            }
        }
    }

    @Test func `a node that is called as a task is keeps its own file`() throws {
        let text = try String(contentsOfFile: bundled("stacks/web.yml"), encoding: .utf8)
            .replacing("name: node2", with: "name: web_web.1")
        let cluster = try Replaying.cluster(text: text, "web")
        try record(Fixture["real.pcapng"], cluster) { paths, _ in
            #expect(Set(paths).count == paths.count)
            let own = try #require(paths.first { $0.hasSuffix("/web_web.1.pcapng") })
            let task = try #require(paths.first { $0.hasSuffix("/web_web.1-task.pcapng") })
            for (path, names) in [(own, ["clients", "underlay"]), (task, ["eth0"])] {
                let reader = try CaptureReader(path: path)
                #expect(reader.interfaces.compactMap(\.name) == names)
            }
        }
    }

    @Test(arguments: sound)
    func `in each file packets stand in the order of the trace`(fixture: Fixture) throws {
        // Story: what came over the underlay stood behind what clients had sent up to 10 ms later.
        try record(fixture, fixture.cluster()) { paths, _ in
            for path in paths {
                var reader = try CaptureReader(path: path)
                var record = PacketRecord()
                var (count, last, times) = (0, 0 as UInt64, [] as [UInt64])
                while try reader.next(&record) {
                    let id = try #require(try reader.annotations(of: record).packetID)
                    #expect(id >= last, "\(path), record \(count)")
                    (count, last) = (count + 1, id)
                    times.append(record.timestampNanoseconds)
                }
                #expect(times == times.sorted(), "\(path)")
            }
        }
    }

    @Test func `a cut frame with padding keeps the length it had on the wire`() throws {
        // Story: the padding went from the length on the wire too, once the frame was wrapped.
        let cluster = try Replaying.cluster("web")
        let source = try TraceFile.read(Fixture["real.pcap"].path).first {
            word($0.frame.bytes, 12) == 0x0800 && word($0.frame.bytes, 36) == 8080
        }
        var bytes = try #require(source).frame.bytes
        bytes += [UInt8](repeating: 0, count: 500)
        let cut = RawFrame(Array(bytes.prefix(54)), at: 1, wireByteCount: bytes.count)
        try withDirectory { directory in
            let path = "\(directory)/cut.pcap"
            try TraceFile.write([cut, cut, cut], to: path)
            let compilation = Compilation(cluster)
            var recorder = try Recorder(
                directory: directory, compilation,
                programs: cluster.nodes.map { compilation.program(for: $0.id) })
            let options = ReplayOptions(policy: .roundRobin)
            try Replaying.replay(path, through: cluster, options, &recorder)
            let paths = recorder.paths
            try recorder.finish()
            var lengths: [Int] = []
            for path in paths {
                var reader = try CaptureReader(path: path)
                var record = PacketRecord()
                while try reader.next(&record) {
                    let annotations = try reader.annotations(of: record)
                    if path.contains("/node"), record.interfaceIndex == 0,
                        annotations.direction == .inbound
                    {
                        lengths.append(record.originalByteCount)
                    }
                }
            }
            #expect(lengths == [bytes.count, bytes.count, bytes.count])
        }
    }
}
