// The option list at the end of a pcapng block: code, length, value, padding, until code 0.
//
// Invariant: a value handed out lies wholly inside the list. A list may also simply end with its
// block; an option that claims more than is left is an error.

struct BlockOptions: ~Escapable {
    private let bytes: RawSpan
    let isSwapped: Bool
    /// Where the list starts in the file, for errors.
    private let start: Int
    private var cursor = 0

    /// The current option.
    private(set) var code = OptionCode.end
    private(set) var value: RawSpan
    private(set) var fileOffset = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, isSwapped: Bool, at start: Int) {
        self.bytes = bytes
        self.isSwapped = isSwapped
        self.start = start
        value = bytes.extracting(first: 0)
    }

    /// Steps to the next option; false at the end of the list.
    @_lifetime(self: copy self)
    mutating func next() throws(Misread) -> Bool {
        guard bytes.byteCount - cursor >= 4 else { return false }
        code = bytes.u16(cursor, swapped: isSwapped)
        let byteCount = Int(bytes.u16(cursor + 2, swapped: isSwapped))
        fileOffset = start + cursor
        guard code != OptionCode.end else { return false }
        guard byteCount <= bytes.byteCount - cursor - 4 else {
            throw Misread(at: fileOffset, .optionPastBlock(code: code, byteCount: byteCount))
        }
        value = bytes.extracting(cursor + 4..<cursor + 4 + byteCount)
        cursor = min(cursor + 4 + padded(byteCount), bytes.byteCount)
        return true
    }

    /// Refuses a value that is not `byteCount` bytes long.
    func expect(_ byteCount: Int) throws(Misread) {
        guard value.byteCount == byteCount else {
            throw Misread(
                at: fileOffset, .optionLength(code: code, byteCount: value.byteCount))
        }
    }

    var u8: UInt8 {
        get throws(Misread) {
            try expect(1)
            return value.u8(0)
        }
    }
    var u32: UInt32 {
        get throws(Misread) {
            try expect(4)
            return value.u32(0, swapped: isSwapped)
        }
    }
    var u64: UInt64 {
        get throws(Misread) {
            try expect(8)
            return value.u64(0, swapped: isSwapped)
        }
    }
}
