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
            register = 0
            for slice in 0..<8 {
                let byte = Int(truncatingIfNeeded: word >> (UInt64(slice) &* 8)) & 0xff
                register ^= crc32cTables[(7 &- slice) &* 256 &+ byte]
            }
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
        crc32cTables[Int(UInt8(truncatingIfNeeded: register) ^ byte)] ^ (register >> 8)
    }

    /// The product of two polynomials modulo the CRC's; the highest bit is the coefficient of 1.
    private static func product(_ a: UInt32, _ b: UInt32) -> UInt32 {
        var sum: UInt32 = 0
        var term = b
        for bit in 0..<UInt32(32) {
            sum ^= term & (0 &- ((a >> (31 &- bit)) & 1))
            term = (term >> 1) ^ (0x82f6_3b78 & (0 &- (term & 1)))
        }
        return sum
    }
}
