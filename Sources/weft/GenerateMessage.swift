// What `weft generate` says on standard error, one line at a time, and the statuses of sysexits(3)
// it ends with when a file does not take what is written.

import ArgumentParser
import Glibc

enum GenerateMessage {
    /// EX_CANTCREAT.
    static let cannotCreate = ExitCode(73)
    /// EX_IOERR.
    static let inputOutput = ExitCode(74)

    static func write(_ text: String) {
        let line = "weft: \(text)\n"
        _ = unsafe line.withCString { unsafe Glibc.write(2, $0, strlen($0)) }
    }
}
