// The rules file that `weft ipvsadm` changes: read, locked against a second writer, and replaced by a
// complete new one in one step.
//
// Invariant: a reader sees the old file or the new one, and a writer the file that the one before it
// wrote. The lock is on the file itself, so after waiting for it one must look whether the file is
// still the one of that name.

import Dataplane
import Foundation
import Glibc
import Ipvsadm

struct RulesStore {
    /// Where the file really lies, so that a link to it stays a link.
    private let path: String

    init(path: String) {
        self.path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }

    /// A lock, held until it is released or the process ends.
    struct Lock {
        fileprivate var descriptor: Int32
        func release() { close(descriptor) }
    }

    func rules() throws(IpvsadmError) -> DirectorRules {
        guard FileManager.default.fileExists(atPath: path) else {
            return DirectorRules(key: HashKey(k0: 0, k1: 0))
        }
        guard let bytes = TextInput.bytes(of: path) else { throw failure("read") }
        return try Self.rules(in: String(decoding: bytes, as: UTF8.self), file: path)
    }

    /// Rules from a text; `file` is for messages.
    static func rules(in text: String, file: String) throws(IpvsadmError) -> DirectorRules {
        var rules = DirectorRules(key: HashKey(k0: 0, k1: 0))
        do throws(RulesFileError) {
            try rules.restore(text, file: file, names: IpvsOptions.names)
        } catch {
            throw IpvsadmError(error.description, exitCode: 2)
        }
        return rules
    }

    /// Waits for other writers. Makes the file if there is none.
    func lock() throws(IpvsadmError) -> Lock {
        while true {
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw failure("open") }
            guard flock(descriptor, LOCK_EX) == 0 else {
                close(descriptor)
                throw failure("lock")
            }
            var (held, named) = (stat(), stat())
            if unsafe fstat(descriptor, &held) == 0, unsafe stat(path, &named) == 0,
                held.st_ino == named.st_ino, held.st_dev == named.st_dev
            {
                return Lock(descriptor: descriptor)
            }
            close(descriptor)
        }
    }

    /// Replaces the file; its permissions stay.
    func write(_ rules: DirectorRules) throws(IpvsadmError) {
        let temporary = "\(path).\(getpid())"
        var old = stat()
        let mode = unsafe stat(path, &old) == 0 ? old.st_mode & 0o7777 : 0o644
        let descriptor = unsafe open(
            temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure("create") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        do {
            try handle.write(contentsOf: Data(rules.savedText.utf8))
            try handle.synchronize()
        } catch {
            close(descriptor)
            _ = unsafe unlink(temporary)
            throw failure("write")
        }
        fchmod(descriptor, mode)
        close(descriptor)
        guard unsafe rename(temporary, path) == 0 else {
            let error = failure("replace")
            _ = unsafe unlink(temporary)
            throw error
        }
    }

    private func failure(_ action: String) -> IpvsadmError {
        let reason = unsafe String(cString: strerror(errno))
        return IpvsadmError("\(path): cannot \(action): \(reason)", exitCode: 2)
    }
}
