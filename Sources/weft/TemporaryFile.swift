// A file without a name that has a path while it is open: for a trace that is made, measured and
// forgotten, wherever the command was started. In the directory for temporary files, so that reading
// it is reading from the page cache as any file is read; in memory where that cannot be.
//
// Invariant: nothing is left behind, however the command ends; open(2) with O_TMPFILE, memfd_create(2).

import CMachine
import Foundation

struct TemporaryFile: ~Copyable {
    private let descriptor: Int32

    /// Nil where the kernel refuses.
    init?() {
        descriptor = unsafe FileManager.default.temporaryDirectory.path.withCString {
            unsafe weft_temporary_file($0)
        }
        if descriptor < 0 { return nil }
    }

    deinit { close(descriptor) }

    /// Of this process alone.
    var path: String { "/proc/self/fd/\(descriptor)" }
}
