// A line that counts packets or trials while a long run goes on: on standard error, and only on a
// terminal. Invariant: nothing of it is left behind, and nothing of it reaches a pipe or a file.

import Glibc

struct Progress {
    private let isShown = isatty(2) == 1

    /// Shows how many packets were read; true, for they go on.
    func goesOn(_ packetCount: UInt64) -> Bool {
        show("\(packetCount) packets")
        return true
    }

    /// The same, unless the replay is to stop.
    func goesOn(_ packetCount: UInt64, unless interruption: Interruption) -> Bool {
        goesOn(packetCount) && !interruption.isAsked
    }

    func show(_ text: String) {
        if isShown { Message.put("\r\u{1b}[K\(text)") }
    }

    /// Takes the line away.
    func clear() {
        if isShown { Message.put("\r\u{1b}[K") }
    }
}
