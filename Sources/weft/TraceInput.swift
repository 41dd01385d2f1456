// The trace that a verb reads. It is opened before any output is, so that a trace which cannot be read
// costs nobody the files of an earlier run.

import ArgumentParser
import Capture
import Glibc

enum TraceInput {
    static func open(_ path: String) throws(ExitCode) -> CaptureReader {
        do throws(CaptureError) {
            return try CaptureReader(path: path)
        } catch {
            throw Message.fail(error, error.inputExit)
        }
    }

    /// Refuses to read standard input or a pipe as often as `option` wants it.
    static func checkReadableAgain(_ path: String, for option: String) throws {
        if path == "-" {
            throw ValidationError("\(option): standard input can be read only once")
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return }
        let kind = status.st_mode & S_IFMT
        if kind != S_IFREG, kind != S_IFDIR {
            throw ValidationError("\(option): \(path) is no file, and can be read only once")
        }
    }
}
