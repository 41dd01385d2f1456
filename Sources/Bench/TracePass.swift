// The trace itself: reading it record by record, and replaying it from the file to the last verdict.
//
// Reading is walking the records of the file in the page cache and looking at the first byte of each
// packet. A replay is what `weft replay` does without writing: read, aim, copy, run.
// Invariant: a file that was read once is read again without an error, or the pass counts nothing.

import Capture
import Dataplane
import Mesh
import Replay
import Wire

struct ReadPass: ~Copyable, Measured {
    let path: String
    /// What was looked at, so that looking cannot be left out.
    private(set) var sum: UInt64 = 0

    init(path: String) { self.path = path }

    mutating func pass(_ timing: inout Timing) { try? read(&timing) }

    private mutating func read(_ timing: inout Timing) throws(CaptureError) {
        var reader = try CaptureReader(path: path)
        var record = PacketRecord()
        var count = Limits.batchFrameCount
        while count == Limits.batchFrameCount {
            let start = timing.begin()
            count = 0
            while count < Limits.batchFrameCount, try reader.next(&record) {
                if record.capturedByteCount > 0 {
                    sum &+= UInt64(reader.bytes(of: record).u8(0))
                }
                count += 1
            }
            timing.end(start, count: count)
        }
    }
}

struct ReplayPass: ~Copyable, Measured {
    let path: String
    private(set) var replayer: Replayer

    init(_ cluster: Cluster, path: String) throws(BenchError) {
        replayer = try Self.replayer(cluster)
        self.path = path
    }

    private static func replayer(_ cluster: Cluster) throws(BenchError) -> Replayer {
        do throws(ReplayError) {
            return try Replayer(cluster, ReplayOptions())
        } catch {
            throw .replay(error)
        }
    }

    mutating func pass(_ timing: inout Timing) {
        var observer = NoObserver()
        let before = replayer.tally.packetCount
        let start = timing.begin()
        try? run(&observer)
        timing.end(start, count: Int(replayer.tally.packetCount - before))
    }

    mutating func run<Observer: FrameObserver & ~Copyable>(
        _ observer: inout Observer
    ) throws(BenchError) {
        do throws(CaptureError) {
            try replayer.replay(path: path, observer: &observer, clock: { 0 })
        } catch {
            throw .capture(error)
        }
    }
}
