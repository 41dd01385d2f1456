// How many packets each flow still has to send, and which flow sends next.
//
// A Fenwick tree (Fenwick, "A new data structure for cumulative frequency tables", 1994): drawing a
// packet from all that are left and taking it away both cost the logarithm of the flow count. Flows
// thus interleave as a shuffled deck does, and invariant: each sends exactly its quota.

struct QuotaTree {
    /// Of all flows together.
    private(set) var total: UInt64
    /// At index i, counted from one: the sum of the quotas of the (i & -i) flows that end at i.
    private var sums: [UInt32]
    /// The largest power of two not above the flow count.
    private let top: Int

    init(_ quotas: [UInt32]) {
        sums = [0] + quotas
        for index in 1..<sums.count {
            let parent = index + index & -index
            if parent < sums.count { sums[parent] += sums[index] }
        }
        total = quotas.reduce(0) { $0 + UInt64($1) }
        top = 1 << (Int.bitWidth - 1 - max(1, quotas.count).leadingZeroBitCount)
    }

    /// The flow whose packet stands at `position` of the `total` packets left, in flow order.
    func flow(at position: UInt64) -> Int {
        var left = UInt32(truncatingIfNeeded: position)
        var index = 0
        var step = top
        while step > 0 {
            let next = index + step
            if next < sums.count, sums[next] <= left {
                left -= sums[next]
                index = next
            }
            step >>= 1
        }
        return index
    }

    /// Takes one packet from the quota of `flow`, which must have one left.
    mutating func take(from flow: Int) {
        total -= 1
        var index = flow + 1
        while index < sums.count {
            sums[index] -= 1
            index += index & -index
        }
    }
}

/// Shares `packetCount` packets among flows in proportion to their weights, which do not increase;
/// at least one to each. `packetCount` is at least the number of flows.
///
/// The least popular flows, whose part is less than one, get one each, and the others' parts shrink
/// accordingly; theirs are differences of running sums cut to integers, so each is within one of exact
/// and nothing is left over.
func quotas(packetCount: Int, weights: [UInt64]) -> [UInt32] {
    var quotas = [UInt32](repeating: 1, count: weights.count)
    var packetsLeft = UInt64(packetCount)
    var weightLeft = weights.reduce(0, +)
    var count = weights.count
    while count > 0, packetsLeft.multipliedFullWidth(by: weights[count - 1]) < (0, weightLeft) {
        count -= 1
        packetsLeft -= 1
        weightLeft -= weights[count]
    }
    var sum: UInt64 = 0
    var given: UInt64 = 0
    for index in 0..<count {
        sum += weights[index]
        let product = packetsLeft.multipliedFullWidth(by: sum)
        let due = weightLeft.dividingFullWidth(product).quotient
        quotas[index] = UInt32(truncatingIfNeeded: due - given)
        given = due
    }
    return quotas
}
