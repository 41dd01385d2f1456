// Goal: no bundled packet, however it is cut, makes the data plane trap or lose count. Method: every
// packet of every bundled trace at every length, cut on the wire and cut by a snap length in turn,
// with nothing left out; the ledger is checked after every batch. Twelve million frames: in release
// builds only, where it takes seconds. `RobustnessTests` keeps a sample in debug builds.

import Capture
import Dataplane
import Foundation
import Mesh
import Testing
import Wire

#if !DEBUG
    @Suite struct CorpusCutTests {
        private static let folder = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "bench-data/traces")

        @Test func `every bundled packet cut at every length gets its verdict`() throws {
            let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
                .filter { $0.hasSuffix(".pcap") || $0.hasSuffix(".pcapng") }.sorted()
            try #require(names.count >= 10)
            var cutter = Cutter(try TestMesh.standard().program())
            for name in names {
                let before = cutter.frameCount
                var reader = try CaptureReader(path: Self.folder.appending(path: name).path)
                var record = PacketRecord()
                while try reader.next(&record) { cutter.cut(reader.bytes(of: record)) }
                let (isSound, count) = (cutter.isSound, cutter.frameCount)
                #expect(isSound && count > before, "\(name)")
            }
            let count = cutter.frameCount
            #expect(count > 10_000_000)
            print("corpus: \(names.count) traces, \(count) cuts")
        }

        /// Feeds cuts of packets to one node, a batch at a time.
        private struct Cutter: ~Copyable {
            let program: Program
            var state: NodeState
            var arena = FrameArena()
            var frames = FrameList()
            var now: UInt64 = 1_000_000_000
            var frameCount: UInt64 = 0
            var isSound = true

            init(_ program: Program) {
                self.program = program
                state = NodeState(
                    for: program, key: HashKey(k0: 1, k1: 2), flowCountMax: 1 << 14)
            }

            mutating func cut(_ packet: RawSpan) {
                for length in 0...packet.byteCount {
                    let bytes = packet.extracting(0..<length)
                    guard let offset = arena.append(bytes) else {
                        isSound = false
                        return
                    }
                    let wire = length % 2 == 0 ? length : packet.byteCount
                    frames.append(
                        Frame(
                            offset: offset, byteCount: length, wireByteCount: wire,
                            id: frameCount, arrival: .network))
                    frameCount += 1
                    let isFull = frames.count == Limits.batchFrameCount
                    if isFull || arena.freeByteCount < 400_000 { flush() }
                }
                flush()
            }

            mutating func flush() {
                now += 1_000_000
                process(&frames, in: &arena, program: program, state: &state, now: now)
                for index in 0..<frames.count where frames[index].verdict == .pending {
                    isSound = false
                }
                isSound = isSound && state.ledger.isBalanced
                frames.removeAll()
                arena.removeAll()
            }
        }
    }
#endif
