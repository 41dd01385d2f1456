// Bytes being put together: little-endian on every machine, growing as needed.
//
// An array would do, at three times the cost: it asks at every append whether it is shared. Invariant:
// `count <= capacity`, and `start` is valid for `capacity` bytes, of which the first `count` are
// written. Every append makes room before it stores.

@safe struct ByteBuffer: ~Copyable {
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 1024) {
        unsafe start = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit { unsafe start.deallocate() }

    var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: start, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    @inline(__always)
    mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        makeRoom(for: MemoryLayout<Value>.size)
        unsafe start.storeBytes(of: value.littleEndian, toByteOffset: count, as: Value.self)
        count += MemoryLayout<Value>.size
    }

    mutating func append(_ bytes: RawSpan) {
        makeRoom(for: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in
            guard let from = source.baseAddress else { return }
            unsafe (start + count).copyMemory(from: from, byteCount: source.count)
        }
        count += bytes.byteCount
    }

    mutating func append(_ other: borrowing ByteBuffer) { append(other.bytes) }

    mutating func append(_ text: String) {
        // Safe for `UInt8`, which has no padding.
        unsafe append(text.utf8Span.span.bytes)
    }

    /// Appends zeros up to the next multiple of four.
    mutating func pad() {
        while count & 3 != 0 { append(0 as UInt8) }
    }

    /// Replaces the 32-bit integer at `offset`, which must have been appended.
    mutating func replace(at offset: Int, with value: UInt32) {
        precondition(offset >= 0 && count - offset >= 4)
        unsafe start.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt32.self)
    }

    /// Forgets the bytes and keeps the room.
    mutating func removeAll() { count = 0 }

    @inline(__always)
    private mutating func makeRoom(for byteCount: Int) {
        if capacity - count < byteCount { grow(by: byteCount) }
    }

    private mutating func grow(by byteCount: Int) {
        let larger = max(capacity * 2, count + byteCount)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        unsafe moved.copyMemory(from: start, byteCount: count)
        unsafe start.deallocate()
        unsafe start = unsafe moved
        capacity = larger
    }
}
