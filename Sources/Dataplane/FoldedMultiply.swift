// A keyed hash of two words for tables that never leave the node: 128-bit products folded to 64 bits,
// as in wyhash (Wang Yi). Two multiplications, a fifth of SipHash's cost.
//
// Not for the choice of a task: that hash is compared across nodes and answers strangers, who may
// learn from it. Where a record stands in this node's memory nobody outside can see.

enum FoldedMultiply {
    @inline(__always)
    static func hash(_ a: UInt64, _ b: UInt64, _ key: HashKey) -> UInt64 {
        let first = (a ^ key.k0 ^ 0xa076_1d64_78bd_642f)
            .multipliedFullWidth(by: b ^ key.k1 ^ 0xe703_7ed1_a0b4_28db)
        let second = (first.high ^ key.k1)
            .multipliedFullWidth(by: first.low ^ 0x8ebc_6af0_9c88_c6e3)
        return second.high ^ second.low
    }
}
