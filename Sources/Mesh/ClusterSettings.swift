// What holds for the cluster as a whole: the underlay, the hash key, the way replies take, and the
// pools addresses come from. Invariant: every node of a cluster runs with equal settings.

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

extension ClusterSettings {
    /// The secret 128-bit key of the cluster's flow hash.
    public struct HashKey: Hashable, Sendable {
        public var first: UInt64
        public var second: UInt64

        public init(first: UInt64, second: UInt64) {
            self.first = first
            self.second = second
        }

        /// The key when none is configured: the bytes 00 to 0f, so that a replay gives the same
        /// answer everywhere. A cluster that faces strangers sets its own.
        public static var documented: HashKey {
            HashKey(first: 0x0001_0203_0405_0607, second: 0x0809_0a0b_0c0d_0e0f)
        }
    }

    /// How an answer travels from the owner to the client.
    public enum ReplyPath: String, Hashable, CaseIterable, Sendable {
        /// Back through the node the flow entered by; works on any underlay.
        case entry
        /// Straight to the client, from the owner: direct server return.
        case direct
    }
}
