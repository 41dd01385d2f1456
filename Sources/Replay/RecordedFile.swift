// A pcapng file of what passed a node or a task, being written.
//
// It is there, and whole, from the start: without packets until there is one, and only then open and with
// the names, for a mesh may have more tasks than a process may have files open.
//
// A mesh works in rounds, and a node sees what came over the underlay after all that came from clients. So
// what passes is noted, and written once the mesh has settled. Invariant: packets stand in the order of their
// numbers, and records of one packet in the order in which they were noted.

import Capture
import Dataplane
import Wire

// A class, since a writer cannot be copied into an array.
final class RecordedFile {
    let path: String
    private let names: [ResolvedName]
    private let interfaceNames: [String]
    private let inputs: FilesInUse
    /// Nil until there is a packet to write.
    private var writer: PcapNGWriter?
    private var interfaces: [PcapNGWriter.InterfaceID] = []
    private var notes: [Note] = []
    private var bytes: [UInt8] = []

    private struct Note {
        let id: UInt64
        let interface: Int
        let timestamp: UInt64
        let range: Range<Int>
        let originalByteCount: Int
        let annotations: PacketAnnotations
    }

    /// Makes the file, which must be none of `files` and is one of them from then on, nor ever one of
    /// `inputs`.
    init(
        path: String, interfaces interfaceNames: [String], names: [ResolvedName],
        inputs: FilesInUse, among files: inout FilesInUse
    ) throws(CaptureError) {
        self.path = path
        self.interfaceNames = interfaceNames
        self.names = names
        self.inputs = inputs
        try start(among: &files).close()
    }

    private func start(among files: inout FilesInUse) throws(CaptureError) -> PcapNGWriter {
        var writer = try PcapNGWriter(
            path: path, origin: .init(application: "weft"), among: &files)
        interfaces.removeAll()
        for name in interfaceNames {
            let interface = CaptureInterface(linkType: .ethernet, name: name)
            interfaces.append(try writer.addInterface(interface))
        }
        return writer
    }

    /// Notes a frame, of which `cut` bytes more were on the wire.
    func note(
        _ interface: Int, _ frame: Frame, _ bytes: RawSpan, cut: Int,
        _ direction: PacketAnnotations.Direction, _ comment: String
    ) {
        let start = self.bytes.count
        self.bytes.append(bytes)
        notes.append(
            Note(
                id: frame.id, interface: interface, timestamp: frame.timestamp,
                range: start..<self.bytes.count, originalByteCount: bytes.byteCount + cut,
                annotations: PacketAnnotations(
                    comments: [comment], direction: direction, packetID: frame.id)))
    }

    /// Writes what was noted.
    func write() throws(CaptureError) {
        guard !notes.isEmpty else { return }
        if writer == nil {
            var files = inputs
            var writer = try start(among: &files)
            try writer.write(names: names)
            self.writer = consume writer
        }
        let order = notes.indices.sorted { (notes[$0].id, $0) < (notes[$1].id, $1) }
        for index in order {
            let note = notes[index]
            try writer?.write(
                interface: interfaces[note.interface], timestampNanoseconds: note.timestamp,
                originalByteCount: note.originalByteCount,
                bytes: bytes.span.raw.extracting(note.range), annotations: note.annotations)
        }
        notes.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    func close() throws(CaptureError) {
        try write()
        guard let writer = writer.take() else { return }
        try writer.close()
    }
}
