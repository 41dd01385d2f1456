// Opening a path to read: a map for a regular file, a descriptor for the rest.
//
// Invariant: the descriptor is closed exactly once: here when the file was mapped or refused, by
// libpcap's stream when it goes on from here.

import Glibc

enum OpenedFile: ~Copyable {
    case mapped(ByteRegion)
    case descriptor(Int32)

    /// `-` is standard input; a regular file at its start is mapped even so.
    static func open(_ path: String) throws(CaptureFault) -> OpenedFile {
        let descriptor = path == "-" ? dup(0) : unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .lastSystemError("open") }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw closing(descriptor, .lastSystemError("fstat"))
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw closing(descriptor, .isDirectory)
        case S_IFREG where lseek(descriptor, 0, SEEK_CUR) == 0: break
        default: return .descriptor(descriptor)
        }
        guard status.st_size > 0 else { throw closing(descriptor, .empty) }
        guard let region = ByteRegion(mapping: descriptor, byteCount: status.st_size) else {
            throw closing(descriptor, .lastSystemError("mmap"))
        }
        if isForLibpcap(region) { return .descriptor(descriptor) }
        close(descriptor)
        return .mapped(region)
    }

    private static func isForLibpcap(_ region: borrowing ByteRegion) -> Bool {
        ClassicFormat.isForLibpcap(region.bytes)
    }

    private static func closing(_ descriptor: Int32, _ fault: CaptureFault) -> CaptureFault {
        close(descriptor)
        return fault
    }
}
