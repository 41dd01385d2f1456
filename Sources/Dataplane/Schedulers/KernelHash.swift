// The hash that dh, sh, lblc and lblcr look addresses up by: multiplication by the golden ratio, of
// an address folded to 32 bits (hash_32 in include/linux/hash.h, ip_vs_dh_hashkey and its like).
//
// Not keyed: whoever knows it can aim flows at one server. It is here because Linux does the same;
// `mesh` does not.

import Wire

enum KernelHash {
    /// The upper `bits` bits of the product.
    @inline(__always)
    static func hash(_ value: UInt32, bits: UInt32) -> Int {
        Int((value &* 0x61c8_8647) &>> (32 &- bits))
    }

    /// An address as a service of one family sees it: an IPv4 address as it is, an IPv6 address as
    /// the exclusive or of its four words. Of an IPv6 address where IPv4 is expected, as a tunnel's
    /// end can be, it is the first word.
    @inline(__always)
    static func fold(_ address: IPv6Address, isIPv4: Bool) -> UInt32 {
        if isIPv4, !address.isIPv4Mapped {
            return UInt32(truncatingIfNeeded: address.high &>> 32)
        }
        let half = isIPv4 ? address.low & 0xffff_ffff : address.high ^ address.low
        return UInt32(truncatingIfNeeded: half ^ half &>> 32)
    }
}
