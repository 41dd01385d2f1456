// Writes what a director did with a trace: the packets that it sent out as a pcap, in the order in
// which it sent them, and a verdict on each packet as a line of JSON (schema weft.ipvs-verdict/1).
//
// What the director makes of a packet (fragments, ICMP errors, a packet put together) follows the packet
// itself. Invariant: the same replay writes the same bytes; after a failure nothing more is written.

import Capture
import Dataplane
import Wire

public struct DirectorRecorder: ~Copyable, DirectorObserver {
    private var packets: PcapWriter?
    private var verdicts: VerdictWriter?
    private var failure: CaptureError?
    /// Headers of the frames of the batch as they arrived; only kept for verdicts.
    private var sights: [PacketSight] = []

    /// Starts the files that are wanted; `-` is standard output.
    public init(packets: String?, verdicts: String?, host: DirectorHost) throws(CaptureError) {
        if let packets {
            self.packets = try PcapWriter(path: packets, linkType: .ethernet)
        }
        if let verdicts {
            self.verdicts = try VerdictWriter(path: verdicts, links: host.links.map(\.name))
        }
    }

    public var isWatching: Bool { packets != nil || verdicts != nil }

    public mutating func arriving(
        _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        guard verdicts != nil else { return }
        sights.removeAll(keepingCapacity: true)
        for index in 0..<frames.count {
            sights.append(PacketSight(arena.bytes(of: frames[index])))
        }
    }

    public mutating func judged(
        _ frames: borrowing FrameList, arrivedCount: Int, _ runner: borrowing DirectorRunner
    ) {
        guard failure == nil else { return }
        do throws(CaptureError) {
            var made = arrivedCount
            for index in 0..<arrivedCount {
                let first = made
                while made < frames.count, frames[made].id <= frames[index].id { made += 1 }
                try write(frames[index], runner)
                for other in first..<made { try write(frames[other], runner) }
                try tell(index, first..<made, frames, runner)
            }
            for other in made..<frames.count { try write(frames[other], runner) }
        } catch {
            failure = error
        }
    }

    private mutating func write(
        _ frame: Frame, _ runner: borrowing DirectorRunner
    ) throws(CaptureError) {
        guard case .transmitted = frame.verdict else { return }
        try packets?.write(
            timestampNanoseconds: frame.timestamp, originalByteCount: frame.wireByteCount,
            bytes: runner.arena.bytes(of: frame))
    }

    private mutating func tell(
        _ index: Int, _ made: Range<Int>, _ frames: borrowing FrameList,
        _ runner: borrowing DirectorRunner
    ) throws(CaptureError) {
        guard verdicts != nil else { return }
        let sight = runner.sight(sights[index])
        try verdicts?.write(frames[index], sights[index].proto, sight)
        for other in made {
            try verdicts?.write(frames[other], sights[index].proto, sight)
        }
    }

    /// Completes the files, or says what kept one from being written.
    public consuming func finish() throws(CaptureError) {
        if let failure { throw failure }
        if let packets = packets.take() { try packets.close() }
        if let verdicts = verdicts.take() { try verdicts.close() }
    }
}
