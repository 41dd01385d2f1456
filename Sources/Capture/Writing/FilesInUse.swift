// The files that a command reads, and those that it writes already: no other output may be one of them.
//
// An input is mapped while it is read, so emptying it destroys the user's file and ends the process with
// SIGBUS. A file is told by device and inode, whatever links and paths lead to it. Invariant: only regular
// files are held, since nothing is lost where a terminal, a pipe or /dev/null is named twice.

import Glibc

public struct FilesInUse: Sendable {
    private var uses: [Identity: Use] = [:]

    private struct Identity: Hashable {
        let device: UInt
        let inode: UInt
    }

    private enum Use {
        case input, output
    }

    public init() {}

    /// The files at these paths, `-` for standard input, which are to be read. What is not there is no
    /// file that could be lost.
    public init(inputs paths: [String]) {
        for path in paths {
            var status = stat()
            let result = unsafe path == "-" ? fstat(0, &status) : stat(path, &status)
            if result == 0 { insert(status, .input) }
        }
    }

    /// Refuses to write to one of these files, before anything is opened.
    public func check(output path: String) throws(CaptureError) {
        var status = stat()
        guard path != "-", unsafe stat(path, &status) == 0 else { return }
        try check(status, path)
    }

    /// Takes the file behind an output's descriptor, or refuses it.
    mutating func take(output descriptor: Int32, path: String) throws(CaptureError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw CaptureError(path: path, fault: .lastSystemError("fstat"))
        }
        try check(status, path)
        insert(status, .output)
    }

    private func check(_ status: stat, _ path: String) throws(CaptureError) {
        switch uses[Self.identity(status)] {
        case .input: throw CaptureError(path: path, fault: .isInput)
        case .output: throw CaptureError(path: path, fault: .isOutput)
        case nil: return
        }
    }

    private mutating func insert(_ status: stat, _ use: Use) {
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        uses[Self.identity(status)] = use
    }

    private static func identity(_ status: stat) -> Identity {
        Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    }
}
