// Maglev hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer",
// NSDI 2016, section 3.4): a table of slots, each naming a backend, filled so that backends share
// it evenly and a change of one backend disturbs few slots of the others.
//
// Invariant: every slot names a backend of positive weight; shares differ from the exact weighted
// share by less than one slot for each backend of equal weight. The table depends only on the set
// of (identity, weight) pairs, not on their order, so nodes that agree on the set agree on it.

/// One backend to be placed in a table.
public struct MaglevBackend: Hashable, Sendable {
    /// Stable across programs: what the backend's preferred slots follow from.
    public var identity: UInt64
    /// Relative share; zero takes no slot.
    public var weight: UInt32

    public init(identity: UInt64, weight: UInt32 = 1) {
        self.identity = identity
        self.weight = weight
    }
}

public enum Maglev {
    /// Table sizes: primes that roughly double. A prime makes every skip visit every slot.
    public static let sizes: [Int] = [
        251, 509, 1_021, 2_039, 4_093, 8_191, 16_381, 32_749, 65_537, 131_071, 262_139, 524_287,
        1_048_573, 2_097_143, 4_194_301, 8_388_593, 16_777_213,
    ]

    /// Slots for each backend at least. A hundred would keep shares within one part in a hundred;
    /// this many also keep the flows that move though their backend stays, when another one goes,
    /// at about one in a hundred, where a hundred slots let two or three move.
    public static let slotsPerBackendMin = 250

    /// The smallest size of the ladder that suits `backendCount`, the largest if none does.
    public static func size(backendCount: Int) -> Int {
        sizes.first { $0 >= slotsPerBackendMin * backendCount } ?? sizes[sizes.count - 1]
    }

    /// Fills a table of `size` slots, a prime. Slots hold indices into `backends`; the result is
    /// empty when no backend has weight.
    public static func table(_ backends: [MaglevBackend], size: Int) -> [UInt16] {
        let order = backends.indices.filter { backends[$0].weight > 0 }
            .sorted { backends[$0].identity < backends[$1].identity }
        guard let weightMax = order.map({ backends[$0].weight }).max() else { return [] }
        precondition(backends.count <= 1 << 16 && size > 1)
        var walkers = order.map { Walker(backend: backends[$0], index: UInt16($0), size: size) }
        var slots = [UInt16](repeating: 0, count: size)
        var isTaken = [Bool](repeating: false, count: size)
        fill(&slots, &isTaken, &walkers, weightMax: UInt64(weightMax))
        return slots
    }

    /// Gives each walker its turns until no slot is free. A walker earns its weight each round and
    /// takes a slot for every `weightMax` earned, so weights need not divide one another.
    private static func fill(
        _ slots: inout [UInt16], _ isTaken: inout [Bool], _ walkers: inout [Walker],
        weightMax: UInt64
    ) {
        var target = slots.mutableSpan
        var taken = isTaken.mutableSpan
        var turns = walkers.mutableSpan
        var freeCount = target.count
        while true {
            for index in 0..<turns.count {
                turns[index].credit &+= turns[index].weight
                guard turns[index].credit >= weightMax else { continue }
                turns[index].credit &-= weightMax
                var slot = turns[index].next(size: target.count)
                while taken[slot] { slot = turns[index].next(size: target.count) }
                taken[slot] = true
                target[slot] = turns[index].index
                freeCount &-= 1
                if freeCount == 0 { return }
            }
        }
    }

    /// One backend's walk over the slots in its order of preference.
    private struct Walker {
        let index: UInt16
        let weight: UInt64
        let skip: Int
        var position: Int
        var credit: UInt64 = 0

        init(backend: MaglevBackend, index: UInt16, size: Int) {
            self.index = index
            weight = UInt64(backend.weight)
            let first = SipHash(Maglev.offsetKey).finish(identity: backend.identity)
            let second = SipHash(Maglev.skipKey).finish(identity: backend.identity)
            position = Int(first % UInt64(size))
            skip = Int(second % UInt64(size - 1)) + 1
        }

        mutating func next(size: Int) -> Int {
            let slot = position
            position &+= skip
            if position >= size { position &-= size }
            return slot
        }
    }

    // Any two fixed, different keys: slots are public knowledge, flows are hashed in secret.
    private static let offsetKey = HashKey(k0: 1, k1: 1)
    private static let skipKey = HashKey(k0: 2, k1: 2)
}

extension SipHash {
    /// The hash of one 64-bit identity.
    fileprivate consuming func finish(identity: UInt64) -> UInt64 {
        absorb(identity)
        return finish(tail: 0, byteCount: 8)
    }
}
