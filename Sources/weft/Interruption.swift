// Control-C during a long replay: what has been read is decided, written and said, and only then the process
// ends, by the signal, as whoever pressed it expects. Pressed again, it ends at once.
//
// Invariant: who ignores the signal on behalf of the process (nohup, a shell's background) goes on doing so.

import Dispatch
import Glibc
import Synchronization

struct Interruption {
    private static let isAsked = Atomic(false)

    /// Nil where the signal is ignored: a source that was never started may not be given up.
    private let source: (any DispatchSourceSignal)?

    /// Takes notice of SIGINT from now on.
    init() {
        // Handlers are told apart by their addresses; to ignore is one that is no function's.
        let before = unsafe unsafeBitCast(signal(SIGINT, SIG_IGN), to: Int.self)
        guard unsafe before != unsafeBitCast(SIG_IGN, to: Int.self) else {
            source = nil
            return
        }
        let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
        source.setEventHandler {
            Self.isAsked.store(true, ordering: .relaxed)
            _ = signal(SIGINT, SIG_DFL)
        }
        source.resume()
        self.source = source
    }

    /// Whether the replay shall stop here.
    var isAsked: Bool { Self.isAsked.load(ordering: .relaxed) }

    /// Ends the process by the signal, if there was one.
    static func end() {
        guard isAsked.load(ordering: .relaxed) else { return }
        Message.write("interrupted; this is of what had been read")
        _ = signal(SIGINT, SIG_DFL)
        raise(SIGINT)
    }
}
