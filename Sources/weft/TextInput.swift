// Text that a verb is given: a file, a pipe or standard input, read whole.
// Invariant: what cannot be read is said on standard error in the system's words, and the exit code says
// which kind it was. No more is read than a text may have, whatever is given for one.

import ArgumentParser
import Glibc

enum TextInput {
    /// Bytes of a text, as many as the longest list of rules could want.
    private static let byteCountMax = 1 << 26

    /// All of a file, pipe or standard input as text, or the reason why not.
    static func text(of path: String) throws(ExitCode) -> String {
        guard let bytes = bytes(of: path) else {
            let isTooLarge = errno == EFBIG
            let reason = isTooLarge ? "larger than \(byteCountMax) bytes" : Message.systemError
            Message.write("\(path): \(reason)")
            throw isTooLarge ? Exit.badInput : Exit.noInput
        }
        do {
            return String(copying: try UTF8Span(validating: bytes.span))
        } catch {
            let offset = error.byteOffsets.lowerBound
            Message.write("\(path): byte \(offset): not UTF-8 text")
            throw Exit.badInput
        }
    }

    /// A file of the system's that may be absent, as an empty text then.
    static func systemText(of path: String) -> String {
        bytes(of: path).flatMap { String(validating: $0, as: UTF8.self) } ?? ""
    }

    /// Nil when it cannot be read or is larger than a text may be, with the reason in `errno`.
    static func bytes(of path: String) -> [UInt8]? {
        let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var count = 0
        repeat {
            count = unsafe read(descriptor, &buffer, buffer.count)
            if count > 0 { bytes += buffer[..<count] }
        } while count > 0 && bytes.count <= byteCountMax || count < 0 && errno == EINTR
        let isTooLarge = bytes.count > byteCountMax
        let reason = isTooLarge ? EFBIG : errno
        if path != "-" { close(descriptor) }
        errno = reason
        return count >= 0 && !isTooLarge ? bytes : nil
    }
}
