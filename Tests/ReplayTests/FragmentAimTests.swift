// Goal: every fragment of a datagram goes where its first one goes, in whatever order they come, and nowhere
// by what another datagram did. Method: datagrams cut here by RFC 791's rules, sent by a node of the web
// stack; what leaves the mesh for the client is put together again.

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct FragmentAimTests {
    private static let second: UInt64 = 1_000_000_000
    private static let start = 1_700_000_000 * second

    /// What the tests send: a name server's question and answers, and what a node's own stack sends.
    private enum Sent {
        static let question = FragmentedDatagram(
            from: FragmentedDatagram.client, to: FragmentedDatagram.node,
            FragmentedDatagram.udp(41_000, 5_353, byteCount: 20)
        ).fragments(of: 1_480)[0]

        static func answer(_ identification: UInt16 = 9, byteCount: Int = 60) -> [[UInt8]] {
            FragmentedDatagram(
                from: FragmentedDatagram.node, to: FragmentedDatagram.client,
                identification: identification,
                FragmentedDatagram.udp(5_353, 41_000, byteCount: byteCount)
            ).fragments(of: 24)
        }

        /// From a port that nobody publishes.
        static func own(_ identification: UInt16 = 9) -> [[UInt8]] {
            FragmentedDatagram(
                from: FragmentedDatagram.node, to: FragmentedDatagram.client,
                identification: identification,
                FragmentedDatagram.udp(7_777, 41_000, byteCount: 60)
            ).fragments(of: 24)
        }

        /// An echo reply of zeros, whose checksum is right.
        static func echoReply(_ identification: UInt16 = 9) -> [[UInt8]] {
            FragmentedDatagram(
                from: FragmentedDatagram.node, to: FragmentedDatagram.client, proto: .icmp,
                identification: identification,
                [0, 0, 0xff, 0xff] + [UInt8](repeating: 0, count: 64)
            ).fragments(of: 24)
        }
    }

    /// Replays a question, and after it frames by the millisecond, or at the seconds given.
    private func replay(
        _ frames: [[UInt8]], atSeconds seconds: [UInt64]? = nil,
        _ options: ReplayOptions = ReplayOptions()
    ) throws -> (outcome: Outcome, left: LeavingObserver) {
        let times = (0..<frames.count).map { index in
            seconds.map { Self.start + $0[index] * Self.second }
                ?? Self.start + UInt64(index + 1) * 1_000_000
        }
        let trace =
            [RawFrame(Sent.question, at: Self.start)]
            + zip(frames, times).map { RawFrame($0, at: $1) }
        var observer = LeavingObserver()
        let outcome = try withDirectory { directory in
            let path = "\(directory)/fragments.pcap"
            try TraceFile.write(trace, to: path)
            let cluster = try Replaying.cluster("web")
            return try Replaying.replay(path, through: cluster, options, &observer)
        }
        return (outcome, observer)
    }

    @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1], [1, 1, 0, 2]])
    func `an answer leaves whole in whatever order its fragments come`(order: [Int]) throws {
        let fragments = Sent.answer()
        #expect(fragments.count == 3)
        let (outcome, left) = try replay(order.map { fragments[$0] })
        #expect(outcome.tally.skipped.allSatisfy { $0 == 0 })
        #expect(outcome.report.ledger.held == 0 && outcome.report.drops == [])
        #expect(left.frames.count == order.count)
        // Each with the number and time that it came with.
        for (index, fragment) in order.enumerated() {
            let frame = try #require(left.frames.first { $0.id == UInt64(index + 2) })
            #expect(frame.timestamp == Self.start + UInt64(index + 1) * 1_000_000)
            #expect(frame.source == FragmentedDatagram.node)
            #expect(frame.fragment == UInt16(fragment * 3) | (fragment < 2 ? 0x2000 : 0))
            #expect(frame.payload == Array(fragments[fragment][34...]))
        }
    }

    @Test func `what waits is given up when the data plane would give it up`() throws {
        let fragments = Sent.answer()
        let (outcome, left) = try replay(
            [fragments[2], fragments[0], fragments[1]], atSeconds: [0, 30, 30])
        #expect(outcome.tally[.laterFragment] == 1 && outcome.report.trace.laterFragment == 1)
        #expect(left.frames.map(\.id).sorted() == [3, 4])
        let (intime, _) = try replay(
            [fragments[2], fragments[0], fragments[1]], atSeconds: [0, 29, 29])
        #expect(intime.tally[.laterFragment] == 0)
        let (never, _) = try replay([fragments[2], fragments[1]])
        #expect(never.tally[.laterFragment] == 2 && never.tally[.host] == 0)
    }

    @Test func `the same identification of another protocol is another datagram`() throws {
        let (outcome, left) = try replay(Sent.answer() + Sent.echoReply())
        #expect(outcome.tally[.host] == 3 && outcome.tally[.laterFragment] == 0)
        #expect(left.frames.map(\.id).sorted() == [2, 3, 4])
    }

    @Test func `after half a minute the same identification is another datagram`() throws {
        let own = Sent.own()
        let (outcome, left) = try replay(
            Sent.answer() + [own[2], own[1], own[0]], atSeconds: [0, 0, 0, 3600, 3600, 3600])
        #expect(outcome.tally[.host] == 3 && outcome.tally[.laterFragment] == 0)
        #expect(left.frames.map(\.id).sorted() == [2, 3, 4])
    }

    @Test func `a new first fragment makes an identification another datagram at once`() throws {
        let (outcome, left) = try replay(Sent.answer() + Sent.own())
        #expect(outcome.tally[.host] == 3)
        #expect(left.frames.map(\.id).sorted() == [2, 3, 4])
    }

    @Test func `more fragments than a batch holds wait and leave`() throws {
        // Two thirds of them before any of those that they wait for.
        let answers = (0..<400).map { Sent.answer(UInt16($0 + 1)) }
        let (outcome, left) = try replay(
            answers.flatMap { [$0[2], $0[1]] } + answers.map { $0[0] })
        #expect(outcome.tally.skipped.allSatisfy { $0 == 0 })
        #expect(left.frames.count == 1_200)
    }

    @Test func `those that wait are bounded`() throws {
        let answers = (0..<3_000).map { Sent.answer(UInt16($0 + 1)) }
        let (outcome, left) = try replay(answers.map { $0[2] } + answers.map { $0[0] })
        #expect(outcome.tally[.laterFragment] > 0)
        #expect(left.frames.count == 6_000 - Int(outcome.tally[.laterFragment]))
        #expect(left.frames.count > 4_000)
    }

    @Test func `no answer of the bundled mixture is torn`() throws {
        let fixture = Fixture["generated-mixed.pcap"]
        let outcome = try Replaying.replay(fixture.path, through: fixture.cluster())
        #expect(outcome.tally[.host] == 0 && outcome.tally[.laterFragment] == 0)
    }

    @Test func `fragmented SCTP keeps its port, or its checksum would be wrong`() throws {
        // The checksum is over the whole packet (RFC 9260, section 6.8), which no fragment is.
        let data: [UInt8] =
            [0xa0, 0x28, 0x0f, 0x1c] + [0, 0, 0, 1, 1, 2, 3, 4]
            + [UInt8](repeating: 7, count: 60)
        let fragments = FragmentedDatagram(
            from: FragmentedDatagram.client, to: [198, 18, 0, 1], proto: .sctp,
            identification: 20, data
        ).fragments(of: 24)
        let other = try replay(
            fragments, ReplayOptions(remaps: ["sctp port 3868=signal:3868"])
        ).outcome
        #expect(other.tally[.sctpFragment] == 0 && other.report.drops == [])
        let elsewhere = FragmentedDatagram(
            from: FragmentedDatagram.client, to: [198, 18, 0, 1], proto: .sctp,
            identification: 21, [0xa0, 0x28, 0x01, 0xbb] + data[4...]
        ).fragments(of: 24)
        let outcome = try replay(
            elsewhere, ReplayOptions(remaps: ["sctp port 443=signal:3868"])
        ).outcome
        #expect(outcome.tally[.sctpFragment] == UInt64(elsewhere.count))
        #expect(outcome.report.trace.sctpFragment == UInt64(elsewhere.count))
    }
}

/// An IPv4 packet that is cut into fragments (RFC 791, section 3.2).
private struct FragmentedDatagram {
    static let client: [UInt8] = [203, 0, 113, 7]
    static let node: [UInt8] = [192, 0, 2, 11]

    var source: [UInt8]
    var destination: [UInt8]
    var proto: IPProtocol
    var identification: UInt16
    var payload: [UInt8]

    init(
        from source: [UInt8], to destination: [UInt8], proto: IPProtocol = .udp,
        identification: UInt16 = 0, _ payload: [UInt8]
    ) {
        self.source = source
        self.destination = destination
        self.proto = proto
        self.identification = identification
        self.payload = payload
    }

    /// UDP without a checksum, the bytes of its data all different from their neighbours'.
    static func udp(_ source: UInt16, _ destination: UInt16, byteCount: Int) -> [UInt8] {
        [source, destination, UInt16(8 + byteCount), 0].flatMap(octets)
            + (0..<byteCount).map { UInt8($0 & 0xff) }
    }

    static func octets(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }

    /// Frames with `byteCount` bytes of the payload each, a multiple of eight, but for the last.
    func fragments(of byteCount: Int) -> [[UInt8]] {
        stride(from: 0, to: payload.count, by: byteCount).map { offset in
            let part = Array(payload[offset...].prefix(byteCount))
            let isLast = offset + byteCount >= payload.count
            var header: [UInt8] = [0x45, 0] + Self.octets(UInt16(20 + part.count))
            header += Self.octets(identification)
            header += Self.octets(UInt16(offset / 8) | (isLast ? 0 : 0x2000))
            header += [64, proto.rawValue, 0, 0] + source + destination
            var sum = stride(from: 0, to: 20, by: 2).reduce(0) {
                $0 + UInt32(word(header, $1))
            }
            while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
            header.replaceSubrange(10..<12, with: Self.octets(~UInt16(sum)))
            let link: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
            return link + header + part
        }
    }
}

/// Keeps what leaves the mesh for clients, untagged IPv4 only.
private struct LeavingObserver: FrameObserver {
    struct Left {
        var id: UInt64
        var timestamp: UInt64
        var source: [UInt8]
        /// Flags and offset.
        var fragment: UInt16
        var payload: [UInt8]
    }

    var frames: [Left] = []

    var isWatching: Bool { true }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}

    mutating func judged(
        at node: NodeIndex, _ list: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<list.count where list[index].verdict == .transmitted(.clients) {
            let frame = list[index]
            let bytes = arena.bytes(of: frame)
            frames.append(
                Left(
                    id: frame.id, timestamp: frame.timestamp,
                    source: (26..<30).map { bytes.u8($0) }, fragment: bytes.u16(20),
                    payload: (34..<14 + Int(bytes.u16(16))).map { bytes.u8($0) }))
        }
    }
}
