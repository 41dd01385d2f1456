// The pools that subnets of networks come from (Swarm's `--default-addr-pool`).
//
// Invariant: a subnet handed out overlaps none handed out before it, automatic or declared.

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

    private init(_ address: IPv4Address, _ length: Int, subnetLength: Int) {
        base = IPv4Prefix(address, length: length) ?? .everything
        self.subnetLength = subnetLength
    }

    /// 10.0.0.0/8 cut into /24: ingress is 10.0.0.0/24 on a fresh cluster.
    public static var swarmDefault: SubnetPool {
        SubnetPool(IPv4Address(10, 0, 0, 0), 8, subnetLength: 24)
    }
}
