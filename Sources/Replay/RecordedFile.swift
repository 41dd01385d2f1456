// A pcapng file of what passed a node or a task, being written.
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
    private var writer: PcapNGWriter?
    private var interfaces: [PcapNGWriter.InterfaceID] = []
    private var notes: [Note] = []
    private var bytes: [UInt8] = []

    private struct Note {
        let id: UInt64
        let interface: PcapNGWriter.InterfaceID
        let timestamp: UInt64
        let range: Range<Int>
        let originalByteCount: Int
        let annotations: PacketAnnotations
    }

    init(path: String, interfaces names: [String], names records: [ResolvedName])
        throws(CaptureError)
    {
        self.path = path
        var writer = try PcapNGWriter(path: path, origin: .init(application: "weft"))
        for name in names {
            let interface = CaptureInterface(linkType: .ethernet, name: name)
            interfaces.append(try writer.addInterface(interface))
        }
        try writer.write(names: records)
        self.writer = consume writer
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
                id: frame.id, interface: interfaces[interface], timestamp: frame.timestamp,
                range: start..<self.bytes.count, originalByteCount: bytes.byteCount + cut,
                annotations: PacketAnnotations(
                    comments: [comment], direction: direction, packetID: frame.id)))
    }

    /// Writes what was noted.
    func write() throws(CaptureError) {
        guard !notes.isEmpty else { return }
        let order = notes.indices.sorted { (notes[$0].id, $0) < (notes[$1].id, $1) }
        for index in order {
            let note = notes[index]
            try writer?.write(
                interface: note.interface, timestampNanoseconds: note.timestamp,
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
