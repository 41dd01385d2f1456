// A text file, or standard output, written through the same buffer as captures. Unlike a capture, text
// may go to a terminal.
//
// Invariant: as for `ByteSink`; until `close` returns the file is not complete.

public struct TextFile: ~Copyable {
    private var sink: ByteSink

    /// Creates or empties the file, which must be none of `files` and is one of them from then on; `-`
    /// is standard output.
    public init(path: String, among files: inout FilesInUse) throws(CaptureError) {
        sink = try ByteSink(path: path, isText: true, among: &files)
    }

    public init(path: String) throws(CaptureError) {
        sink = try ByteSink(path: path, isText: true)
    }

    public mutating func write(_ text: String) throws(CaptureError) {
        sink.buffer.append(text)
        try sink.flushIfFull()
    }

    public consuming func close() throws(CaptureError) { try sink.close() }
}
