// Goal: no frame makes the data plane trap or lose count. Method: every frame of the bundled traces,
// cut at every length, and mutations of them from a seed; each comes from the network, from a task
// and inside VXLAN from a known peer. The ledger and the tables are checked after every batch.

import Capture
import Dataplane
import Foundation
import Testing
import Wire

@Suite struct RobustnessTests {
    private static let traces: URL = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "bench-data/traces")

    /// Frames of a trace, one of each length and each first 64 bytes but for addresses and sums: the
    /// thousandth segment of a download tells nothing new.
    private static func frames(_ trace: String) throws -> [[UInt8]] {
        var reader = try CaptureReader(path: traces.appending(path: trace).path)
        var record = PacketRecord()
        var frames: [[UInt8]] = []
        var seen: Set<[UInt8]> = []
        while try reader.next(&record) {
            let bytes = reader.bytes(of: record)
            let frame = (0..<bytes.byteCount).map { bytes.u8($0) }
            let shape =
                [UInt8(truncatingIfNeeded: frame.count / 64)] + frame.dropFirst(12).prefix(12)
                + frame.dropFirst(46).prefix(6)
            if trace == "malformed.pcap" || seen.insert(shape).inserted { frames.append(frame) }
        }
        return frames
    }

    /// Feeds frames in batches, each three ways, and checks after every batch.
    private struct Feeder {
        let mesh: TestMesh
        let endpoint: EndpointIndex
        var tally: [Verdict: Int] = [:]
        var isSound = true
        private var batch: [Input] = []
        private var byteCount = 0

        init(isUnderlayIPv6: Bool = false) throws {
            mesh = try TestMesh.standard(isUnderlayIPv6: isUnderlayIPv6, flowCountMax: 1 << 10)
            endpoint = mesh.endpoint("web", 0)
        }

        mutating func feed(_ bytes: [UInt8], wireByteCount: Int?) {
            var inner = bytes
            if inner.count >= 6 {
                let mac = mesh.program()[endpoint].mac.rawValue
                for index in 0..<6 {
                    inner[index] = UInt8(truncatingIfNeeded: mac >> (40 - 8 * index))
                }
            }
            let tunnel = Draft.tunnel(inner, from: mesh.vtep(1), to: mesh.vtep(0)).frame
            let outerByteCount = tunnel.count - bytes.count
            batch.append(Input(bytes: bytes, wireByteCount: wireByteCount))
            batch.append(
                Input(bytes: bytes, arrival: .task(endpoint), wireByteCount: wireByteCount))
            batch.append(
                Input(bytes: tunnel, wireByteCount: wireByteCount.map { $0 + outerByteCount }))
            byteCount += 3 * (bytes.count + 200)
            // As much as a batch and an arena hold, the longest frame included.
            if batch.count > 240 || byteCount > 300_000 { flush() }
        }

        mutating func flush() {
            mesh.now += 1_000_000
            isSound = mesh.nodes[0].judge(batch, now: mesh.now, into: &tally) && isSound
            batch.removeAll(keepingCapacity: true)
            byteCount = 0
        }
    }

    @Test(arguments: ["malformed.pcap", "real.pcap", "dual-stack.pcap"])
    func `every frame cut at every length gets its verdict`(_ trace: String) throws {
        var feeder = try Feeder()
        let frames = try Self.frames(trace)
        try #require(frames.count > 50)
        for frame in frames {
            // Headers end within 160 bytes; beyond, one length in a hundred and one.
            let lengths =
                Array(0...min(frame.count, 160)) + stride(from: 161, to: frame.count, by: 101)
                + [frame.count]
            for length in lengths {
                let cut = Array(frame.prefix(length))
                // As cut on the wire, and as cut by a snap length.
                feeder.feed(cut, wireByteCount: length % 2 == 0 ? nil : frame.count)
            }
        }
        feeder.flush()
        #expect(feeder.isSound)
        #expect(feeder.tally[.pending] == nil)
        print(
            "robustness: \(trace), \(frames.count) frames, \(feeder.tally.values.reduce(0, +)) cuts"
        )
    }

    @Test(arguments: [false, true])
    func `mutated frames get their verdict`(isUnderlayIPv6: Bool) throws {
        var generator = SeededGenerator(seed: 2_026)
        var feeder = try Feeder(isUnderlayIPv6: isUnderlayIPv6)
        let corpus = try ["malformed.pcap", "real.pcap", "dual-stack.pcap"]
            .flatMap { try Self.frames($0) }.filter { $0.count < 400 }
        // Three ways each, two underlays: 200,000 in all.
        for _ in 0..<33_400 {
            var frame = corpus[generator.number(0...corpus.count - 1)]
            Self.mutate(&frame, &generator)
            let isCut = generator.number(0...3) == 0
            feeder.feed(
                frame, wireByteCount: isCut ? frame.count + generator.number(0...3_000) : nil)
        }
        feeder.flush()
        #expect(feeder.isSound)
        #expect(feeder.tally.count > 15, "mutations reach few verdicts: \(feeder.tally)")
    }

    /// A few bytes of the headers changed, the IPv4 checksum mended half of the time so that what is
    /// behind it is reached.
    private static func mutate(_ frame: inout [UInt8], _ generator: inout SeededGenerator) {
        for _ in 0..<generator.number(1...4) where !frame.isEmpty {
            let index = generator.number(0...min(frame.count, 90) - 1)
            switch generator.number(0...3) {
            case 0: frame[index] ^= 1 << UInt8(generator.number(0...7))
            case 1: frame[index] = [0, 1, 0x45, 0x7f, 0x80, 0xff][generator.number(0...5)]
            case 2: frame[index] = UInt8(generator.number(0...255))
            default: frame.removeLast(min(frame.count, generator.number(0...8)))
            }
        }
        guard generator.number(0...1) == 0, frame.count >= 34, frame[14] >> 4 == 4 else { return }
        let end = 14 + Int(frame[14] & 15) * 4
        guard end >= 34, end <= frame.count else { return }
        frame.replaceSubrange(24..<26, with: [0, 0])
        let sum = Checksum.of(frame.span.raw.extracting(14..<end))
        frame[24] = UInt8(sum >> 8)
        frame[25] = UInt8(truncatingIfNeeded: sum)
    }
}
