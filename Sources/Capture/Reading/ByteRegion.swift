// The one owner of memory here: a file mapped read-only, or a block of our own.
//
// Invariant: `start` is valid for `byteCount` bytes for as long as the region lives, and every way
// to the bytes is a span that cannot outlive it. The one thing no check can promise is that nobody
// else shortens a mapped file meanwhile: the kernel answers that with SIGBUS, as for any mapping.

import Glibc

@safe struct ByteRegion: ~Copyable {
    private let start: UnsafeMutableRawPointer
    let byteCount: Int
    private let isMapped: Bool

    /// Maps the first `byteCount` bytes of a file, which must not be empty; nil when the kernel
    /// refuses, with the reason in `errno`.
    init?(mapping descriptor: Int32, byteCount: Int) {
        let address = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address = unsafe address,
            unsafe address != UnsafeMutableRawPointer(bitPattern: -1)
        else { return nil }
        unsafe madvise(address, byteCount, MADV_SEQUENTIAL)
        unsafe start = unsafe address
        self.byteCount = byteCount
        isMapped = true
    }

    /// A block of zeros.
    init(zeros byteCount: Int) {
        unsafe start = .allocate(byteCount: max(1, byteCount), alignment: 16)
        unsafe start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        self.byteCount = byteCount
        isMapped = false
    }

    /// A copy of `bytes`.
    init(copying bytes: RawSpan) {
        self.init(zeros: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in unsafe store(source, at: 0) }
    }

    deinit {
        if isMapped { unsafe munmap(start, byteCount) } else { unsafe start.deallocate() }
    }

    var bytes: RawSpan {
        @_lifetime(borrow self)
        @inline(__always)
        get {
            let span = unsafe RawSpan(_unsafeStart: start, byteCount: byteCount)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Copies `source` to `offset`; only for a block of our own, which must have room for it.
    func store(_ source: UnsafeRawBufferPointer, at offset: Int) {
        precondition(!isMapped && offset >= 0 && byteCount - offset >= source.count)
        guard let from = source.baseAddress else { return }
        unsafe (start + offset).copyMemory(from: from, byteCount: source.count)
    }
}
