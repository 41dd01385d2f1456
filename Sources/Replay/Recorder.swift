// Writes what happened, for Wireshark: one pcapng for each node, with its client side and its
// underlay side as interfaces, and one for each task, whether a packet reached or left it or not.
//
// Every record carries the direction, the decision as a comment, and the frame's number as packet
// id, which is the same for all copies of a packet in all files. Names of nodes, services and tasks
// go along as name-resolution records. Invariants: the same replay writes the same bytes; in a file packets
// stand in the order of the trace, whatever rounds the mesh took over them.

import Capture
import Dataplane
import Mesh
import Wire

public struct Recorder: ~Copyable, FrameObserver {
    private let narrator: Narrator
    private let programs: [Program]
    /// All of them: the nodes' by their number, then the tasks' by theirs.
    private let files: [RecordedFile]
    private let nodeCount: Int
    /// The frames of the current batch as they arrived.
    private var arrived: [UInt8] = []
    private var arrivedEnds: [Int] = []
    /// What a snap length had cut off each: judging trims padding, and the difference with it.
    private var arrivedCuts: [Int] = []
    /// The first failure; nothing is written after it.
    private var failure: CaptureError?

    public var isWatching: Bool { true }

    /// Starts a file for each node and each task in `directory`, which must exist. If one of them is one
    /// of `inputs`, none is touched.
    public init(
        directory: String, _ compilation: Compilation, programs: [Program],
        inputs: FilesInUse = FilesInUse()
    ) throws(CaptureError) {
        self.programs = programs
        narrator = Narrator(compilation)
        let cluster = compilation.cluster
        nodeCount = cluster.nodes.count
        let paths = Self.paths(cluster, in: directory)
        for path in paths { try inputs.check(output: path) }
        let names = NameDirectory.names(of: cluster)
        var taken = inputs
        var files: [RecordedFile] = []
        for path in paths {
            let isNode = files.count < nodeCount
            files.append(
                try RecordedFile(
                    path: path, interfaces: isNode ? ["clients", "underlay"] : ["eth0"],
                    names: names, inputs: inputs, among: &taken))
        }
        self.files = files
    }

    /// By number, the nodes' and then the tasks'.
    private static func paths(_ cluster: Cluster, in directory: String) -> [String] {
        let nodes = cluster.nodes.map(\.name)
        // A node may be called as a task is, since its name may have dots.
        let taken = Set(nodes)
        let tasks = cluster.tasks.map { taken.contains($0.name) ? "\($0.name)-task" : $0.name }
        return (nodes + tasks).map { "\(directory)/\($0).pcapng" }
    }

    /// All files, in order of name.
    public var paths: [String] { files.map(\.path).sorted() }

    public mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        arrived.removeAll(keepingCapacity: true)
        arrivedEnds.removeAll(keepingCapacity: true)
        arrivedCuts.removeAll(keepingCapacity: true)
        for index in 0..<frames.count {
            arrived.append(arena.bytes(of: frames[index]))
            arrivedEnds.append(arrived.count)
            arrivedCuts.append(frames[index].wireByteCount - frames[index].byteCount)
        }
    }

    public mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count where failure == nil {
            let frame = frames[index]
            if index < arrivedEnds.count {
                recordArrival(index, frame, at: node)
            } else if frame.isReleased {
                recordEnd(frame, arena.bytes(of: frame), at: node)
            }
            recordDeparture(frame, arena.bytes(of: frame), at: node)
        }
    }

    public mutating func settled() {
        guard failure == nil else { return }
        do throws(CaptureError) {
            for file in files { try file.write() }
        } catch {
            failure = error
        }
    }

    /// Completes every file, or says what kept one from being written.
    public consuming func finish() throws(CaptureError) {
        if let failure { throw failure }
        for file in files { try file.close() }
    }

    private func recordArrival(_ index: Int, _ frame: Frame, at node: NodeIndex) {
        let start = index == 0 ? 0 : arrivedEnds[index - 1]
        let range = start..<arrivedEnds[index]
        let comment = narrator.comment(frame, at: node, programs[Int(node.rawValue)])
        let cut = arrivedCuts[index]
        if case .task(let endpoint) = frame.arrival {
            let bytes = arrived.span.raw.extracting(range)
            file(of: endpoint).note(0, frame, bytes, cut: cut, .outbound, comment)
        } else {
            let bytes = arrived.span.raw.extracting(range)
            let interface = isOverlay(bytes, at: node) ? 1 : 0
            files[Int(node.rawValue)].note(
                interface, frame, bytes, cut: cut, .inbound, comment)
        }
    }

    private func recordDeparture(_ frame: Frame, _ bytes: RawSpan, at node: NodeIndex) {
        let comment = narrator.comment(frame, at: node, programs[Int(node.rawValue)])
        let cut = frame.wireByteCount - frame.byteCount
        switch frame.verdict {
        case .transmitted(.underlay):
            files[Int(node.rawValue)].note(1, frame, bytes, cut: cut, .outbound, comment)
        case .transmitted(.clients), .transmitted(.link):
            files[Int(node.rawValue)].note(0, frame, bytes, cut: cut, .outbound, comment)
        case .delivered(let endpoint):
            file(of: endpoint).note(0, frame, bytes, cut: cut, .inbound, comment)
        case .pending, .consumed, .dropped, .held: break
        }
    }

    /// What became of a frame that had been held: if it was dropped, its record says so a second
    /// time, under the same packet id.
    private func recordEnd(
        _ frame: Frame, _ bytes: RawSpan, at node: NodeIndex
    ) {
        guard case .dropped = frame.verdict, case .network = frame.arrival else { return }
        let comment = narrator.comment(frame, at: node, programs[Int(node.rawValue)])
        let cut = frame.wireByteCount - frame.byteCount
        files[Int(node.rawValue)].note(0, frame, bytes, cut: cut, .inbound, comment)
    }

    private func isOverlay(_ bytes: RawSpan, at node: NodeIndex) -> Bool {
        let program = programs[Int(node.rawValue)]
        let sight = PacketSight(bytes)
        return sight.proto == .udp && sight.destinationPort == program.vxlanPort
            && sight.destination == program.own.vtep
    }

    private func file(of endpoint: EndpointIndex) -> RecordedFile {
        files[nodeCount + narrator.compilation.task(endpoint).id.rawValue]
    }
}
