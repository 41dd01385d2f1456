// Chance that a seed repeats: xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number
// generators", 2021), its state filled by SplitMix64 (Steele, Lea and Flood, 2014) as they advise.
//
// Invariant: the numbers depend on the seed alone, on every machine and in every release; the tests
// hold them against numbers computed elsewhere. Not for secrets.

public struct RandomSource: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    public init(seed: UInt64) {
        var filler = seed
        state = (splitMix(&filler), splitMix(&filler), splitMix(&filler), splitMix(&filler))
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        let result = rotated(state.1 &* 5, by: 7) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = rotated(state.3, by: 45)
        return result
    }

    /// A number below `bound`, or zero when `bound` is zero. The high half of a product, whose bias,
    /// `bound` in 2 to the power of 64, no trace is long enough to show.
    public mutating func below(_ bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    public mutating func below(_ bound: Int) -> Int { Int(below(UInt64(max(0, bound)))) }

    /// True in `share` of the calls.
    public mutating func chance(_ share: Share) -> Bool {
        below(1_000_000 as UInt64) < UInt64(share.partsPerMillion)
    }
}

private func rotated(_ value: UInt64, by count: UInt64) -> UInt64 {
    value << count | value >> (64 - count)
}

/// One step of SplitMix64.
private func splitMix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
}
