// A file that lives in memory and has a path while it is open: for a trace that is made, measured and
// forgotten, wherever the command was started.
//
// Invariant: nothing is left behind, however the command ends; memfd_create(2).

import CMachine
import Glibc

struct MemoryFile: ~Copyable {
    private let descriptor: Int32

    /// Nil where the kernel refuses.
    init?() {
        descriptor = weft_memory_file()
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Of this process alone.
    var path: String { "/proc/self/fd/\(descriptor)" }
}
