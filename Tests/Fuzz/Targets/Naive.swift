// Checksums again, one word or bit at a time, from the text of their specifications: slow and plain
// enough to be believed. They share no code with Wire's.

enum Naive {
    /// RFC 1071, section 4.1: the ones'-complement sum of big-endian words, complemented.
    static func checksum(_ bytes: some Collection<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() {
            sum += index % 2 == 0 ? UInt32(byte) << 8 : UInt32(byte)
            if sum > 0xffff { sum -= 0xffff }
        }
        return ~UInt16(sum)
    }

    /// RFC 9260, appendix A: CRC32c, reflected, bit by bit.
    static func crc32c(_ bytes: some Collection<UInt8>) -> UInt32 {
        var register = ~UInt32(0)
        for byte in bytes {
            register ^= UInt32(byte)
            for _ in 0..<8 {
                register = register >> 1 ^ (register & 1 == 1 ? 0x82f6_3b78 : 0)
            }
        }
        return ~register
    }
}
