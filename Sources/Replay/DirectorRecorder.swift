// Writes what a director did with a trace: the packets that it sent out as a capture, in the order in
// which it sent them, and a verdict on each packet as a line of JSON (schema weft.ipvs-verdict/1). In a
// pcapng each packet has its link, the number of the packet that it comes from, and the decision.
//
// What the director makes of a packet (fragments, ICMP errors, a packet put together) follows the packet
// itself. Invariant: the same replay writes the same bytes; after a failure nothing more is written.

import Capture
import Dataplane
import Wire

public struct DirectorRecorder: ~Copyable, DirectorObserver {
    private var packets: PcapWriter?
    private var annotated: PcapNGWriter?
    private var interfaces: [PcapNGWriter.InterfaceID] = []
    private var verdicts: VerdictWriter?
    private var failure: CaptureError?
    /// Headers of the frames of the batch as they arrived; only kept where decisions are told.
    private var sights: [PacketSight] = []

    /// Starts the files that are wanted; `-` is standard output, `.pcapng` at the end of a name
    /// makes a pcapng. If one of them is one of `inputs`, none is touched.
    public init(
        packets: String?, verdicts: String?, host: DirectorHost,
        inputs: FilesInUse = FilesInUse()
    ) throws(CaptureError) {
        var files = inputs
        for path in [packets, verdicts].compactMap(\.self) { try files.check(output: path) }
        if let packets, packets.hasSuffix(".pcapng") {
            var writer = try PcapNGWriter(
                path: packets, origin: .init(application: "weft"), among: &files)
            for link in host.links {
                interfaces.append(
                    try writer.addInterface(
                        CaptureInterface(linkType: .ethernet, name: link.name)))
            }
            annotated = consume writer
        } else if let packets {
            self.packets = try PcapWriter(path: packets, linkType: .ethernet, among: &files)
        }
        if let verdicts {
            self.verdicts = try VerdictWriter(
                path: verdicts, links: host.links.map(\.name), among: &files)
        }
    }

    public var isWatching: Bool { packets != nil || tellsDecisions }

    /// Whether each packet has to be judged before the next one comes in, for its connection to be
    /// seen as it left it.
    public var tellsDecisions: Bool { annotated != nil || verdicts != nil }

    public mutating func arriving(
        _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        guard tellsDecisions else { return }
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
                let packet = sights.indices.contains(index) ? sights[index] : nil
                let sight = packet.flatMap { runner.sight($0) }
                try write(frames[index], packet, sight, runner)
                while made < frames.count, frames[made].id <= frames[index].id {
                    try write(frames[made], packet, sight, runner)
                    made += 1
                }
            }
            while made < frames.count {
                try write(frames[made], nil, nil, runner)
                made += 1
            }
        } catch {
            failure = error
        }
    }

    private mutating func write(
        _ frame: Frame, _ packet: PacketSight?, _ sight: DirectorSight?,
        _ runner: borrowing DirectorRunner
    ) throws(CaptureError) {
        try verdicts?.write(frame, sight)
        guard case .transmitted(let egress) = frame.verdict else { return }
        let bytes = runner.arena.bytes(of: frame)
        try packets?.write(
            timestampNanoseconds: frame.timestamp, originalByteCount: frame.wireByteCount,
            bytes: bytes)
        guard annotated != nil, let interface = interface(egress) else { return }
        let comment = DirectorNarrator.comment(
            frame, hasPorts: packet?.hasPorts ?? false, sight)
        try annotated?.write(
            interface: interface, timestampNanoseconds: frame.timestamp,
            originalByteCount: frame.wireByteCount, bytes: bytes,
            annotations: PacketAnnotations(
                comments: [comment], direction: .outbound, packetID: frame.id))
    }

    private func interface(_ egress: Egress) -> PcapNGWriter.InterfaceID? {
        guard case .link(let link) = egress, Int(link.rawValue) < interfaces.count else {
            return interfaces.first
        }
        return interfaces[Int(link.rawValue)]
    }

    /// Completes the files, or says what kept one from being written.
    public consuming func finish() throws(CaptureError) {
        if let failure { throw failure }
        if let packets = packets.take() { try packets.close() }
        if let annotated = annotated.take() { try annotated.close() }
        if let verdicts = verdicts.take() { try verdicts.close() }
    }
}
