// Standard output: the one way in which any verb prints.
// Invariant: what cannot be written ends the command with 73 and the reason; nothing is lost unsaid.

import ArgumentParser
import Glibc

enum Output {
    static func line(_ text: String = "") throws(ExitCode) { try put(text + "\n") }

    static func put(_ text: String) throws(ExitCode) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes[start...].withUnsafeBytes {
                unsafe Glibc.write(1, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                Message.write("standard output: \(Message.systemError)")
                throw Exit.cannotCreate
            }
            start += count
        }
    }
}
