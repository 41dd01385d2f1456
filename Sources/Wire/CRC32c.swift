// CRC32c (Castagnoli), the checksum of SCTP: RFC 9260, section 6.8 and appendix A.
//
// Slicing by eight: one step consumes eight bytes through eight tables. The remainder is linear, so
// changing bytes changes the checksum by the remainder of the difference alone, moved over what
// follows. Invariant: `change` knows nothing of the unchanged bytes, so a rewrite carries a
// damaged packet's error along and the receiver still finds it, exactly as `ChecksumDelta` does.

public enum CRC32c {
    /// The checksum of `bytes`.
    public static func of(_ bytes: RawSpan) -> UInt32 { ~update(~0, with: bytes) }

    /// The register after `bytes`; a checksum starts at all ones and is inverted at the end.
    public static func update(_ register: UInt32, with bytes: RawSpan) -> UInt32 {
        var register = register
        var offset = 0
        let count = bytes.byteCount
        while count - offset >= 8 {
            let word = bytes.u64(offset).byteSwapped ^ UInt64(register)
            register =
                entry(7, word) ^ entry(6, word >> 8) ^ entry(5, word >> 16)
                ^ entry(4, word >> 24) ^ entry(3, word >> 32) ^ entry(2, word >> 40)
                ^ entry(1, word >> 48) ^ entry(0, word >> 56)
            offset &+= 8
        }
        while offset < count {
            register = step(register, bytes.u8(offset))
            offset &+= 1
        }
        return register
    }

    /// The register after `count` zero bytes, in a time that grows with the logarithm of `count`.
    public static func appendingZeros(_ register: UInt32, count: Int) -> UInt32 {
        var register = register
        var left = UInt32(truncatingIfNeeded: count)
        var row = 0
        while left != 0, register != 0 {
            let digit = Int(left & 15)
            if digit != 0 { register = product(crc32cZeroPowers[row &+ digit], register) }
            left >>= 4
            row &+= 16
        }
        return register
    }

    /// What to exclusive-or to a checksum when the 16-bit big-endian word `old` becomes `new` and
    /// `count` bytes follow it.
    public static func change(from old: UInt16, to new: UInt16, followedBy count: Int) -> UInt32 {
        let difference = old ^ new
        let high = step(0, UInt8(truncatingIfNeeded: difference >> 8))
        return appendingZeros(step(high, UInt8(truncatingIfNeeded: difference)), count: count)
    }

    /// The register after one more byte.
    @inline(__always)
    private static func step(_ register: UInt32, _ byte: UInt8) -> UInt32 {
        entry(0, UInt64(register ^ UInt32(byte))) ^ (register >> 8)
    }

    /// What the lowest byte of `word` leaves behind once `table` more bytes have followed it.
    @inline(__always)
    private static func entry(_ table: Int, _ word: UInt64) -> UInt32 {
        crc32cTables[table &* 256 &+ Int(word & 0xff)]
    }

    /// The product of two polynomials modulo the CRC's, whose highest bit is the coefficient of 1:
    /// a product without carries, of which the higher powers, now the low half, are then reduced as
    /// four more bytes would reduce them.
    private static func product(_ a: UInt32, _ b: UInt32) -> UInt32 {
        var product: UInt64 = 0
        for bit in 0..<UInt64(32) {
            product ^= (UInt64(b) << bit) & (0 &- (UInt64(a) >> bit & 1))
        }
        product <<= 1
        return UInt32(truncatingIfNeeded: product >> 32)
            ^ entry(3, product) ^ entry(2, product >> 8) ^ entry(1, product >> 16)
            ^ entry(0, product >> 24)
    }
}
