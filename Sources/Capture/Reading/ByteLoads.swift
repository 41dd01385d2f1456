// Integers out of a file's bytes, in either byte order.
//
// Invariant: every load is bounds-checked by the span. The `unsafe` in the standard library's
// `unsafeLoadUnaligned` speaks of reinterpreting bits, which is sound for fixed-width integers.

extension RawSpan {
    @inline(__always)
    func u8(_ offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    @inline(__always)
    func u16(_ offset: Int, swapped: Bool) -> UInt16 {
        let value = unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
        return swapped ? value.byteSwapped : value
    }

    @inline(__always)
    func u32(_ offset: Int, swapped: Bool) -> UInt32 {
        let value = unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
        return swapped ? value.byteSwapped : value
    }

    @inline(__always)
    func u64(_ offset: Int, swapped: Bool) -> UInt64 {
        let value = unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
        return swapped ? value.byteSwapped : value
    }

    /// A copy of the bytes.
    var array: [UInt8] { unsafe withUnsafeBytes { unsafe Array($0) } }

    /// The bytes as text, without the zero some writers end it with.
    var text: String {
        let units = array
        return String(decoding: units.last == 0 ? units.dropLast() : units[...], as: UTF8.self)
    }
}
