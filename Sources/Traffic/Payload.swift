// What packets carry.
//
// Invariant: nothing in it is malformed to a decoder that goes by the port: it begins as an empty DNS
// message, twelve zeros, which are no other protocol's version number either; over TCP with the
// message's length before it (RFC 7766, section 8). The alphabet follows.

import Wire

enum Payload {
    private static let zeroCount = 12
    private static let lengthByteCount = 2
    static let byteCountMin = lengthByteCount + zeroCount

    /// Writes `count` bytes at `start`; `count` is zero or at least `byteCountMin`, or, without
    /// `isStream`, any.
    @_lifetime(bytes: copy bytes)
    static func fill(
        _ bytes: inout MutableRawSpan, from start: Int, count: Int, isStream: Bool = false
    ) {
        guard count > 0 else { return }
        var offset = start
        if isStream {
            bytes.setU16(offset, UInt16(truncatingIfNeeded: count - lengthByteCount))
            offset += lengthByteCount
        }
        let end = start + count
        let letters = min(end, offset + zeroCount)
        for index in offset..<letters { bytes.setU8(index, 0) }
        var letter = UInt8(ascii: "a")
        for index in letters..<end {
            bytes.setU8(index, letter)
            letter = letter == UInt8(ascii: "z") ? UInt8(ascii: "a") : letter + 1
        }
    }
}
