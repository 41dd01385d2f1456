// What holds for the cluster as a whole: the underlay, the hash key, the way replies take, and the
// pools addresses come from. Invariant: every node of a cluster runs with equal settings.

import Dataplane
import Wire

public struct ClusterSettings: Equatable, Sendable {
    /// The largest IP packet the underlay carries, in bytes.
    public var underlayMTU: Int
    /// The UDP destination port of VXLAN (RFC 7348; Swarm's `--data-path-port`).
    public var vxlanPort: Port
    public var hashKey: HashKey
    public var replyPath: ReplyPath
    /// Where overlay subnets come from, in order (Swarm's `--default-addr-pool`).
    public var pools: [SubnetPool]
    /// Whether the ingress network is dual-stack even when no client address is IPv6.
    public var isIPv6Wanted: Bool

    public init(
        underlayMTU: Int = 1500, vxlanPort: Port = Port(4789), hashKey: HashKey = .documented,
        replyPath: ReplyPath = .entry, pools: [SubnetPool] = [.swarmDefault],
        isIPv6Wanted: Bool = false
    ) {
        self.underlayMTU = underlayMTU
        self.vxlanPort = vxlanPort
        self.hashKey = hashKey
        self.replyPath = replyPath
        self.pools = pools
        self.isIPv6Wanted = isIPv6Wanted
    }
}

extension HashKey {
    /// The key when none is configured: the bytes 00 to 0f, so that a replay gives the same answer
    /// everywhere. A cluster that faces strangers sets its own.
    public static var documented: HashKey {
        HashKey(k0: 0x0001_0203_0405_0607, k1: 0x0809_0a0b_0c0d_0e0f)
    }
}
