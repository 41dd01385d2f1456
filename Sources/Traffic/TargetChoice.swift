// Which target each flow goes to: family and transport by their shares, then one of the targets of
// that kind by weight.
//
// Invariant: every kind that the shares allow has a target, which the specification's check has seen
// to.

struct TargetChoice {
    /// The targets of one family and transport, with the running sums of their weights.
    private struct Kind {
        var indices: [Int] = []
        var sums: [UInt64] = []

        func target(_ random: inout RandomSource) -> Int {
            let position = random.below(sums.last ?? 0)
            var low = 0
            var high = sums.count
            while low < high {
                let middle = (low + high) / 2
                if sums[middle] <= position { low = middle + 1 } else { high = middle }
            }
            return low < indices.count ? indices[low] : 0
        }
    }

    private let ipv6: Share
    /// TCP, UDP, SCTP, in parts per million.
    private let transports: [UInt64]
    /// Three of IPv4, then three of IPv6.
    private let kinds: [Kind]

    init(_ specification: TrafficSpecification) {
        ipv6 = specification.ipv6
        transports = [specification.tcp, specification.udp, specification.sctp].map {
            UInt64($0.partsPerMillion)
        }
        var kinds = [Kind](repeating: Kind(), count: 6)
        for (index, target) in specification.targets.enumerated() {
            let transport =
                switch target.transport {
                case .tcp: 0
                case .udp: 1
                case .sctp: 2
                }
            let kind = transport + (target.isIPv6 ? 3 : 0)
            let sum = (kinds[kind].sums.last ?? 0) + UInt64(target.weight)
            kinds[kind].indices.append(index)
            kinds[kind].sums.append(sum)
        }
        self.kinds = kinds
    }

    /// The index of the next flow's target.
    func next(_ random: inout RandomSource) -> Int {
        var position = random.below(transports.reduce(0, +))
        var transport = 0
        while transport < 2, position >= transports[transport] {
            position -= transports[transport]
            transport += 1
        }
        return kinds[transport + (random.chance(ipv6) ? 3 : 0)].target(&random)
    }
}
