// SipHash-1-3 (Aumasson and Bernstein, 2012) over the fixed-length keys that the data plane hashes.
//
// Keyed and not affine in the key: flows that collide under one key are unrelated under another,
// so nobody outside can aim flows at one task or one bucket. The last word of the message carries
// its length in the top byte, as the reference wants, with up to seven bytes of key below it.

/// A 128-bit hash key.
public struct HashKey: Hashable, Sendable {
    public var k0: UInt64
    public var k1: UInt64

    public init(k0: UInt64, k1: UInt64) {
        self.k0 = k0
        self.k1 = k1
    }
}

public struct SipHash: Sendable {
    @usableFromInline var v0: UInt64
    @usableFromInline var v1: UInt64
    @usableFromInline var v2: UInt64
    @usableFromInline var v3: UInt64

    @inlinable @inline(__always)
    public init(_ key: HashKey) {
        v0 = key.k0 ^ 0x736f_6d65_7073_6575
        v1 = key.k1 ^ 0x646f_7261_6e64_6f6d
        v2 = key.k0 ^ 0x6c79_6765_6e65_7261
        v3 = key.k1 ^ 0x7465_6462_7974_6573
    }

    /// Absorbs eight bytes, first byte lowest.
    @inlinable @inline(__always)
    public mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    /// The hash of what was absorbed and of `tail`: up to seven last bytes, first byte lowest.
    /// `byteCount` is the length of the whole message.
    @inlinable @inline(__always)
    public consuming func finish(tail: UInt64, byteCount: Int) -> UInt64 {
        absorb(tail | UInt64(truncatingIfNeeded: byteCount) << 56)
        v2 ^= 0xff
        round()
        round()
        round()
        return v0 ^ v1 ^ v2 ^ v3
    }

    @inlinable @inline(__always)
    mutating func round() {
        v0 &+= v1
        v2 &+= v3
        v1 = rotate(v1, 13) ^ v0
        v3 = rotate(v3, 16) ^ v2
        v0 = rotate(v0, 32)
        v2 &+= v1
        v0 &+= v3
        v1 = rotate(v1, 17) ^ v2
        v3 = rotate(v3, 21) ^ v0
        v2 = rotate(v2, 32)
    }

    @inlinable @inline(__always)
    func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value &<< count | value &>> (64 &- count)
    }
}
