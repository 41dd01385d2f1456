// Bytes to a file or to standard output, gathered in a buffer.
//
// Invariant: every byte handed over either reaches the kernel or an error is thrown that names the
// path. `close()` is what ends a file: a sink that is dropped without it, because an error is on
// its way up, closes the descriptor and gives up what was still in the buffer.

import Glibc

struct ByteSink: ~Copyable {
    let path: String
    /// -1 once closed.
    private var descriptor: Int32
    /// Append to it, then call `flushIfFull()`.
    var buffer = ByteBuffer(capacity: CaptureLimits.sinkByteCount + 4096)
    private var writtenByteCount = 0
    /// The first failed write. What follows it can never be in its place, so it stays failed.
    private var failure: CaptureError?

    /// Creates or empties the file, and adds it to `files`, none of which it may be; `-` is standard
    /// output, which must not be a terminal unless what is written is text.
    init(
        path: String, isText: Bool = false, among files: inout FilesInUse
    ) throws(CaptureError) {
        let descriptor = try Self.open(path, isText)
        do throws(CaptureError) {
            try files.take(output: descriptor, path: path)
            if path != "-" { try Self.empty(descriptor, path) }
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
    }

    init(path: String, isText: Bool = false) throws(CaptureError) {
        var files = FilesInUse()
        try self.init(path: path, isText: isText, among: &files)
    }

    private static func open(_ path: String, _ isText: Bool) throws(CaptureError) -> Int32 {
        if path == "-", !isText, isatty(1) == 1 {
            throw CaptureError(path: path, fault: .isTerminal)
        }
        // Not O_TRUNC: which file it is must be known before it is emptied.
        let flags = O_WRONLY | O_CREAT | O_CLOEXEC
        let descriptor = path == "-" ? dup(1) : unsafe Glibc.open(path, flags, 0o644)
        guard descriptor >= 0 else {
            throw CaptureError(path: path, fault: .lastSystemError("open"))
        }
        return descriptor
    }

    /// A device or a pipe has nothing to lose, and refuses.
    private static func empty(_ descriptor: Int32, _ path: String) throws(CaptureError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return
        }
        guard ftruncate(descriptor, 0) == 0 else {
            throw CaptureError(path: path, fault: .lastSystemError("ftruncate"))
        }
    }

    deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

    /// Bytes taken so far, written or not.
    var byteCount: Int { writtenByteCount + buffer.count }

    /// Writes the buffer out once it is full.
    mutating func flushIfFull() throws(CaptureError) {
        if buffer.count >= CaptureLimits.sinkByteCount { try flush() }
    }

    mutating func flush() throws(CaptureError) {
        if let failure { throw failure }
        var start = 0
        while start < buffer.count {
            let count = unsafe buffer.bytes.extracting(droppingFirst: start).withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = CaptureError(
                    path: path, byteOffset: writtenByteCount, fault: .lastSystemError("write"))
                failure = error
                throw error
            }
            start += count
            writtenByteCount += count
        }
        buffer.removeAll()
    }

    /// Writes what is left and closes the file.
    consuming func close() throws(CaptureError) {
        try flush()
        let result = Glibc.close(descriptor)
        descriptor = -1
        guard result == 0 else {
            throw CaptureError(
                path: path, byteOffset: writtenByteCount, fault: .lastSystemError("close"))
        }
    }
}
