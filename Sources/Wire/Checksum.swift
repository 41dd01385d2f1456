// The Internet checksum: RFC 1071 for computing it, RFC 1624 for keeping it right under change.
//
// Invariant: `ChecksumDelta` is the only way a checksummed field changes anywhere in Weft, so a
// rewrite preserves exactly the error a damaged packet arrived with: what was right stays right,
// what was wrong stays wrong and the receiver still finds out.

public enum Checksum {
    /// Ones'-complement sum of `bytes` as big-endian 16-bit words, not yet folded, added to `seed`.
    /// An odd last byte counts as the high half of a word (RFC 1071, section 4.1).
    public static func sum(_ bytes: RawSpan, seed: UInt64 = 0) -> UInt64 {
        var low: UInt64 = seed
        var high: UInt64 = 0
        let count = bytes.byteCount
        var offset = 0
        while count - offset >= 16 {
            let a = bytes.u64(offset)
            let b = bytes.u64(offset &+ 8)
            low &+= (a & 0xffff_ffff) &+ (b & 0xffff_ffff)
            high &+= (a >> 32) &+ (b >> 32)
            offset &+= 16
        }
        low = fold32(low) &+ fold32(high)
        while count - offset >= 2 {
            low &+= UInt64(bytes.u16(offset))
            offset &+= 2
        }
        if offset < count { low &+= UInt64(bytes.u8(offset)) << 8 }
        return low
    }

    /// Folds a 64-bit sum to 16 bits with end-around carry; not complemented.
    @inlinable @inline(__always)
    public static func fold(_ sum: UInt64) -> UInt16 {
        // A number plus itself with its halves exchanged has the sum of the halves in its upper half,
        // the carry out of it included.
        let whole = sum &+ (sum &>> 32 | sum &<< 32)
        let half = UInt32(truncatingIfNeeded: whole &>> 32)
        return UInt16(truncatingIfNeeded: (half &+ (half &>> 16 | half &<< 16)) &>> 16)
    }

    /// The same for a sum of at most 32 bits.
    @inlinable @inline(__always)
    public static func fold(_ sum: UInt32) -> UInt16 {
        UInt16(truncatingIfNeeded: (sum &+ (sum &>> 16 | sum &<< 16)) &>> 16)
    }

    /// The checksum of `bytes`: the complement of the folded sum. Zero when `bytes`, which include
    /// the checksum field, are intact.
    @inlinable
    public static func of(_ bytes: RawSpan, seed: UInt64 = 0) -> UInt16 {
        ~fold(sum(bytes, seed: seed))
    }

    /// The unfolded sum of the IPv4 pseudo-header (RFC 9293, section 3.1).
    @inlinable
    public static func pseudoHeader(
        source: IPv4Address, destination: IPv4Address, proto: IPProtocol, byteCount: Int
    ) -> UInt64 {
        UInt64(source.rawValue) &+ UInt64(destination.rawValue) &+ UInt64(proto.rawValue)
            &+ UInt64(byteCount)
    }

    /// The unfolded sum of the IPv6 pseudo-header (RFC 8200, section 8.1).
    @inlinable
    public static func pseudoHeader(
        source: IPv6Address, destination: IPv6Address, proto: IPProtocol, byteCount: Int
    ) -> UInt64 {
        source.checksumSum &+ destination.checksumSum &+ UInt64(proto.rawValue)
            &+ UInt64(byteCount)
    }

    /// Adds the 32-bit halves of `sum`; what is left fits in 33 bits.
    private static func fold32(_ sum: UInt64) -> UInt64 { (sum & 0xffff_ffff) &+ (sum >> 32) }
}

/// The difference a set of field changes makes to every checksum that covers the fields. Fields and
/// checksums may all be read as they lie in memory instead: the sum is the same in either byte order
/// (RFC 1071, section 2B).
///
/// RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). The terms are gathered once and applied to as
/// many checksums as cover the fields: the IPv4 header's, and TCP's through the pseudo-header.
public struct ChecksumDelta {
    @usableFromInline var sum: UInt64 = 0

    @inlinable public init() {}

    @inlinable @inline(__always)
    public mutating func replace(_ old: UInt16, with new: UInt16) {
        sum &+= UInt64(~old) &+ UInt64(new)
    }

    /// The field must start at an even offset in the checksummed data.
    @inlinable @inline(__always)
    public mutating func replace(_ old: UInt32, with new: UInt32) {
        sum &+= UInt64(~old) &+ UInt64(new)
    }

    @inlinable @inline(__always)
    public mutating func replace(_ old: IPv6Address, with new: IPv6Address) {
        sum &+= (~old).checksumSum &+ new.checksumSum
    }

    /// Replaces a whole stretch of bytes, given as its unfolded `Checksum.sum` before and after. It
    /// must start at an even offset in the checksummed data.
    @inlinable @inline(__always)
    public mutating func replaceSum(_ old: UInt64, with new: UInt64) {
        replace(Checksum.fold(old), with: Checksum.fold(new))
    }

    /// The checksum that `checksum` becomes once the fields have changed.
    @inlinable @inline(__always)
    public func applied(to checksum: UInt16) -> UInt16 {
        ~Checksum.fold(UInt64(~checksum) &+ sum)
    }
}
