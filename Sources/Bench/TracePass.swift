// The trace itself: reading it record by record, and replaying it from the file to the last verdict.
//
// Reading is walking the records of the file in the page cache, batch by batch, and looking at the
// first byte of each packet. A replay is what `weft replay` does without writing: read, aim, copy, run.
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
        var records = [PacketRecord](
            repeating: PacketRecord(), count: CaptureLimits.batchRecordCount)
        var count = records.count
        while count > 0 {
            let start = timing.begin()
            count = try reader.next(&records)
            for index in 0..<count where records[index].capturedByteCount > 0 {
                sum &+= UInt64(reader.bytes(of: records[index]).u8(0))
            }
            timing.end(start, count: count)
        }
    }
}

struct ReplayPass: ~Copyable, Measured {
    let path: String
    private(set) var replayer: Replayer
    private let clock: Clock
    /// What the nodes took, and the packets it was for, since a timing that had seen nothing.
    private var nodeNanoseconds: UInt64 = 0
    private var packetCount: UInt64 = 0

    init(
        _ cluster: Cluster, path: String, clock: @escaping Clock = { 0 }
    ) throws(BenchError) {
        replayer = try Self.replayer(cluster)
        self.path = path
        self.clock = clock
    }

    /// Of the passes of one trial: what nodes and wire took of each packet's time.
    var nodeNanosecondsPerPacket: Double {
        Double(nodeNanoseconds) / Double(max(packetCount, 1))
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
        if timing.packetCount == 0 { (nodeNanoseconds, packetCount) = (0, 0) }
        let before = (replayer.tally.packetCount, replayer.runner.busyNanoseconds)
        let start = timing.begin()
        try? run(&observer)
        let count = replayer.tally.packetCount - before.0
        timing.end(start, count: Int(count))
        packetCount += count
        nodeNanoseconds &+= replayer.runner.busyNanoseconds &- before.1
    }

    mutating func run<Observer: FrameObserver & ~Copyable>(
        _ observer: inout Observer
    ) throws(BenchError) {
        do throws(CaptureError) {
            try replayer.replay(path: path, observer: &observer, clock: clock)
        } catch {
            throw .capture(error)
        }
    }
}
