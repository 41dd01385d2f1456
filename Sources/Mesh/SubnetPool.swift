// The pools that subnets of networks come from (Swarm's `--default-addr-pool`).
//
// Invariant: a subnet handed out overlaps none handed out before it, automatic or declared, and
// contains no address of a node. Pools are used in order and each from its start; a pool that
// overlaps an earlier one is left out, as libnetwork does.

import Wire

/// A prefix to be cut into subnets of one length.
public struct SubnetPool: Hashable, Sendable {
    public var base: IPv4Prefix
    public var subnetLength: Int

    /// Nil when the subnets would not fit the base or would hold no task (Swarm's limit is /29).
    public init?(base: IPv4Prefix, subnetLength: Int = 24) {
        guard subnetLength >= base.length, subnetLength <= 29 else { return nil }
        self.base = base
        self.subnetLength = subnetLength
    }

    private init(_ second: UInt8, baseLength: Int, subnetLength: Int, first: UInt8 = 172) {
        let address = IPv4Address(first, second, 0, 0)
        base = IPv4Prefix(address, length: baseLength) ?? .everything
        self.subnetLength = subnetLength
    }

    /// 10.0.0.0/8 cut into /24: ingress is 10.0.0.0/24 on a fresh cluster.
    public static var swarmDefault: SubnetPool {
        SubnetPool(0, baseLength: 8, subnetLength: 24, first: 10)
    }

    /// Libnetwork's local pools less the two that docker0 and docker_gwbridge take.
    static var local: [SubnetPool] {
        [
            SubnetPool(19, baseLength: 16, subnetLength: 16),
            SubnetPool(20, baseLength: 14, subnetLength: 16),
            SubnetPool(24, baseLength: 14, subnetLength: 16),
            SubnetPool(28, baseLength: 14, subnetLength: 16),
            SubnetPool(168, baseLength: 16, subnetLength: 20, first: 192),
        ]
    }
}

/// Cuts pools into subnets, first gap first.
struct SubnetAllocator {
    private let pools: [SubnetPool]
    private var poolIndex = 0
    private var offset: UInt64 = 0

    init(pools: [SubnetPool]) {
        var kept: [SubnetPool] = []
        for pool in pools where !kept.contains(where: { $0.base.overlaps(pool.base) }) {
            kept.append(pool)
        }
        self.pools = kept
    }

    /// The next subnet that `taken` has no part of, nil when the pools are used up.
    mutating func allocate(beside taken: PrefixTable<IPv4Prefix>) -> IPv4Prefix? {
        while poolIndex < pools.count {
            let pool = pools[poolIndex]
            while let address = pool.base.address(at: offset) {
                let subnet = IPv4Prefix(address, length: pool.subnetLength)
                offset += 1 << UInt64(32 - pool.subnetLength)
                if let subnet, taken.owner(overlapping: subnet) == nil { return subnet }
            }
            poolIndex += 1
            offset = 0
        }
        return nil
    }
}

/// The prefixes in use with whom they belong to.
struct PrefixTable<P: AddressPrefix> {
    private var entries: [(prefix: P, owner: String)] = []

    func owner(overlapping prefix: P) -> String? {
        entries.first { $0.prefix.overlaps(prefix) }?.owner
    }

    mutating func insert(_ prefix: P, owner: String) {
        entries.append((prefix, owner))
    }
}
