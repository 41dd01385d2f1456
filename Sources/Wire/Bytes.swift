// The one file of Wire that reads and writes memory in words rather than bytes.
//
// Network byte order in memory, host integers outside. Invariant: every load and store here is
// bounds-checked by the span itself. The `unsafe` in the standard library's `unsafeLoad` speaks of
// reinterpreting bits, which is sound for fixed-width integers: every bit pattern is a value.
// Swift 6.4 brings safe loads; until then no other file of Wire may say `unsafe`.

public import CPrefetch

extension RawSpan {
    /// Asks for the cache line at `offset` before it is wanted. An offset beyond the end asks for some
    /// other line, or for none, and does no harm.
    @inlinable @inline(__always)
    public func prefetch(at offset: Int) {
        unsafe withUnsafeBytes { bytes in
            // Of no bytes the address may be nil: to ask for that would be a branch for each packet.
            weft_prefetch(UInt(bitPattern: bytes.baseAddress) &+ UInt(bitPattern: offset))
        }
    }

    /// How many bytes stand before the first that starts a cache line of 64 bytes.
    public var byteCountBeforeLine: Int {
        unsafe withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return Int((0 &- UInt(bitPattern: base)) & 63)
        }
    }

    /// The byte at `offset`.
    @inlinable @inline(__always)
    public func u8(_ offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The big-endian 16-bit integer at `offset`.
    @inlinable @inline(__always)
    public func u16(_ offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The big-endian 32-bit integer at `offset`.
    @inlinable @inline(__always)
    public func u32(_ offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// The big-endian 64-bit integer at `offset`.
    @inlinable @inline(__always)
    public func u64(_ offset: Int) -> UInt64 {
        UInt64(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// `count` bytes from `offset` on. Neither can be negative, so one comparison checks both.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public func window(at offset: UInt32, count: UInt32) -> RawSpan {
        let (offset, count) = (Int(offset), Int(count))
        precondition(byteCount >= offset &+ count)
        let window = unsafe withUnsafeBytes { bytes -> UnsafeRawBufferPointer in
            // Said once here rather than asked for at each of the window's bytes.
            unsafe precondition(bytes.baseAddress != nil)
            let start = unsafe bytes.baseAddress.map { unsafe $0 + offset }
            return unsafe UnsafeRawBufferPointer(start: start, count: count)
        }
        return unsafe _overrideLifetime(RawSpan(_unsafeBytes: window), copying: self)
    }

    /// The 16-bit integer at `offset`, as it lies in memory.
    @inlinable @inline(__always)
    public func memory16(_ offset: Int) -> UInt16 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
    }

    /// The 32-bit integer at `offset`, as it lies in memory.
    @inlinable @inline(__always)
    public func memory32(_ offset: Int) -> UInt32 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// The 64-bit integer at `offset`, as it lies in memory.
    @inlinable @inline(__always)
    public func memory64(_ offset: Int) -> UInt64 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// The bytes from `offset` to the end; empty when `offset` lies beyond the end.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    public func from(_ offset: Int) -> RawSpan {
        extracting(droppingFirst: min(offset, byteCount))
    }
}

extension MutableRawSpan {
    /// The byte at `offset`.
    @inlinable @inline(__always)
    public func u8(_ offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The big-endian 16-bit integer at `offset`.
    @inlinable @inline(__always)
    public func u16(_ offset: Int) -> UInt16 {
        UInt16(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// The big-endian 32-bit integer at `offset`.
    @inlinable @inline(__always)
    public func u32(_ offset: Int) -> UInt32 {
        UInt32(bigEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Stores one byte.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func setU8(_ offset: Int, _ value: UInt8) {
        storeBytes(of: value, toByteOffset: offset, as: UInt8.self)
    }

    /// Stores a 16-bit integer in network byte order.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func setU16(_ offset: Int, _ value: UInt16) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    /// Stores a 32-bit integer in network byte order.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func setU32(_ offset: Int, _ value: UInt32) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    /// Stores a 64-bit integer in network byte order.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func setU64(_ offset: Int, _ value: UInt64) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// The 16-bit integer at `offset`, as it lies in memory.
    @inlinable @inline(__always)
    public func memory16(_ offset: Int) -> UInt16 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
    }

    /// The 32-bit integer at `offset`, as it lies in memory.
    @inlinable @inline(__always)
    public func memory32(_ offset: Int) -> UInt32 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// The 64-bit integer at `offset`, as it lies in memory.
    @inlinable @inline(__always)
    public func memory64(_ offset: Int) -> UInt64 {
        unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Stores an integer as it lies in memory.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func setMemory<Word: FixedWidthInteger & BitwiseCopyable>(
        _ offset: Int, _ value: Word
    ) {
        storeBytes(of: value, toByteOffset: offset, as: Word.self)
    }

    /// `count` bytes from `offset` on, for as long as this span is set aside for them. Neither can be
    /// negative, so one comparison checks both.
    @inlinable @inline(__always)
    @_lifetime(&self)
    public mutating func window(at offset: UInt32, count: UInt32) -> MutableRawSpan {
        let (offset, count) = (Int(offset), Int(count))
        precondition(byteCount >= offset &+ count)
        let window = unsafe withUnsafeMutableBytes {
            bytes -> UnsafeMutableRawBufferPointer in
            unsafe precondition(bytes.baseAddress != nil)
            let start = unsafe bytes.baseAddress.map { unsafe $0 + offset }
            return unsafe UnsafeMutableRawBufferPointer(start: start, count: count)
        }
        return unsafe _overrideLifetime(MutableRawSpan(_unsafeBytes: window), mutating: &self)
    }

    /// The bytes from `offset` to the end, for as long as this span is set aside for it.
    @inlinable @inline(__always)
    @_lifetime(&self)
    public mutating func tail(from offset: Int) -> MutableRawSpan {
        _mutatingExtracting(droppingFirst: min(offset, byteCount))
    }

    /// Copies all of `source` to `offset`; the target must have room for it.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func copy(_ source: RawSpan, at offset: Int) {
        precondition(offset >= 0 && byteCount - offset >= source.byteCount)
        unsafe withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { bytes in
                guard let base = target.baseAddress, let from = bytes.baseAddress else { return }
                unsafe (base + offset).copyMemory(from: from, byteCount: bytes.count)
            }
        }
    }

    /// Moves `count` bytes from `source` to `target` inside this span; the ranges may overlap.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    public mutating func move(_ count: Int, from source: Int, to target: Int) {
        precondition(count >= 0 && source >= 0 && target >= 0)
        precondition(byteCount - count >= source && byteCount - count >= target)
        unsafe withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe (base + target).copyMemory(from: base + source, byteCount: count)
        }
    }
}

extension Span {
    /// Asks for the cache line of an element before it is wanted. An index beyond the end asks for some
    /// other line, or for none, and does no harm.
    @inlinable @inline(__always)
    public func prefetch(_ index: Int) {
        unsafe withUnsafeBufferPointer { elements in
            let offset = index &* MemoryLayout<Element>.stride
            weft_prefetch(
                UInt(bitPattern: elements.baseAddress) &+ UInt(bitPattern: offset))
        }
    }

    /// Asks for the lines in which an element begins and ends, the next one beginning where it ends.
    @inlinable @inline(__always)
    public func prefetchWhole(_ index: Int) {
        prefetch(index)
        prefetch(index &+ 1)
    }
}

extension Span where Element == UInt8 {
    /// The same bytes as a raw span. Safe for `UInt8`, which has no padding.
    @inlinable @inline(__always)
    public var raw: RawSpan {
        @_lifetime(copy self)
        get { unsafe self.bytes }
    }
}

extension MutableSpan where Element == UInt8 {
    /// The same bytes as a raw span. Safe for `UInt8`, which has no invalid bit pattern.
    @inlinable @inline(__always)
    public var raw: MutableRawSpan {
        @_lifetime(&self)
        mutating get { unsafe self.mutableBytes }
    }
}

extension Array where Element == UInt8 {
    /// `byteCount` bytes from `offset` on, to change for as long as the array is set aside for it.
    @inlinable @inline(__always)
    @_lifetime(&self)
    public mutating func rawBytes(at offset: Int, count byteCount: Int) -> MutableRawSpan {
        precondition(offset >= 0 && byteCount >= 0 && count - offset >= byteCount)
        let slice = unsafe withUnsafeMutableBytes {
            unsafe UnsafeMutableRawBufferPointer(rebasing: $0[offset..<offset + byteCount])
        }
        // The array owns its storage alone now, and it stays put while `self` is borrowed.
        return unsafe _overrideLifetime(MutableRawSpan(_unsafeBytes: slice), mutating: &self)
    }

    /// Appends bytes that lie elsewhere.
    public mutating func append(_ source: RawSpan) {
        let start = count
        append(contentsOf: repeatElement(0, count: source.byteCount))
        var target = rawBytes(at: start, count: source.byteCount)
        target.copy(source, at: 0)
    }
}
