// The directory that a verb writes to, made with those above it where they are missing.
// Invariant: what keeps it from being made is said in the system's words, as for files.

import ArgumentParser
import Glibc

enum Directory {
    static func make(_ path: String) throws(ExitCode) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        var made = path.hasPrefix("/") ? "/" : ""
        for part in parts.dropLast() {
            made += part + "/"
            // What is wrong on the way shows at its end.
            _ = unsafe mkdir(made, 0o777)
        }
        if unsafe mkdir(path, 0o777) == 0 || errno == EEXIST && isDirectory(path) { return }
        Message.write("\(path.isEmpty ? "''" : path): \(Message.systemError)")
        throw Exit.cannotCreate
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        let isThere = unsafe stat(path, &status) == 0
        errno = EEXIST
        return isThere && status.st_mode & S_IFMT == S_IFDIR
    }
}
