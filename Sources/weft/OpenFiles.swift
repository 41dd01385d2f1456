// The number of files that may be open at once. A recorded replay keeps one open for each node and
// each task, and the soft limit is often a thousand; the hard one is what the system really allows.

import Glibc

enum OpenFiles {
    /// Raises the soft limit to the hard one. Where that is refused, opening a file will say so.
    static func raiseLimit() {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return
        }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
