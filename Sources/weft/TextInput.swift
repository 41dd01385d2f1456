// Text that a verb is given: a file, a pipe or standard input, read whole.
// Invariant: what cannot be read is said on standard error, and the exit code says which kind it was.

import ArgumentParser
import Foundation

enum TextInput {
    /// All of a file, pipe or standard input as text, or the reason why not.
    static func text(of path: String) throws -> String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if attributes?[.type] as? FileAttributeType == .typeDirectory {
            Message.write("\(path): is a directory")
            throw Exit.noInput
        }
        let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let handle else {
            Message.write("\(path): \(unsafe String(cString: strerror(errno)))")
            throw Exit.noInput
        }
        let data: Data
        do { data = try handle.readToEnd() ?? Data() } catch {
            Message.write("\(path): cannot be read: \(error.localizedDescription)")
            throw Exit.noInput
        }
        guard let text = String(data: data, encoding: .utf8) else {
            Message.write("\(path): not UTF-8 text")
            throw Exit.badInput
        }
        return text
    }

    /// A file of the system's that may be absent, as an empty text then.
    static func systemText(of path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
