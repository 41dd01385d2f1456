// A line that counts packets while a long replay runs: on standard error, and only on a terminal.
// Invariant: nothing of it is left behind, and nothing of it reaches a pipe or a file.

import Glibc

struct Progress {
    private let isShown = isatty(2) == 1

    func show(_ packetCount: UInt64) {
        if isShown { Message.put("\r\(packetCount) packets") }
    }

    /// Takes the line away.
    func clear() {
        if isShown { Message.put("\r\u{1b}[K") }
    }
}
