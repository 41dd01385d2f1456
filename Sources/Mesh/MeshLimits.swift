// Every bound of the model, in one place, each with its reason.
// Invariant: `assemble` refuses what exceeds one of them before it takes memory in proportion.

public enum MeshLimits {
    /// VNIs start above the 802.1Q range, as Swarm's do.
    public static let vniFirst: UInt32 = 4096
    /// A VNI has 24 bits (RFC 7348).
    public static let vniLast: UInt32 = 0xff_ffff
    /// A service sized for fewer tasks than this still gets a table for this many, so that scaling
    /// a small service up never changes the size of its table.
    public static let replicaCountMaxFloor = 8
    /// A task is a table entry of 16 bits; more tasks than that in one service cannot be told apart.
    public static let replicaCountMax = 65_535
    /// Bounds a whole cluster's tasks: a typing error in `replicas:` must not exhaust memory.
    public static let taskCountMax = 250_000
    /// Twice the largest swarm on record; every node costs an address on the ingress network.
    public static let nodeCountMax = 4096
    /// Overlap is checked pair by pair, which is quick up to here.
    public static let networkCountMax = 10_000
    /// More services than a cluster has port numbers publish nothing.
    public static let serviceCountMax = 65_536
    /// Swarm's bound on service and network names.
    public static let nameLengthMax = 63
    /// A weight is relative; a wider one only makes tables slow to fill.
    public static let weightMax: UInt32 = 65_535
    /// The smallest MTU every IPv6 link has (RFC 8200, section 5).
    public static let ipv6MTUMin = 1280
    /// The smallest datagram every IPv4 host accepts (RFC 791).
    public static let ipv4MTUMin = 576
    public static let mtuMax = 65_535
    public static let ethernetMTU = 1500
    /// Swarm allows its VXLAN port in this range only.
    public static let vxlanPortRange: ClosedRange<UInt16> = 1024...49_151
    /// Where Swarm takes a published port from when none is named.
    public static let dynamicPortRange: ClosedRange<UInt16> = 30_000...32_767
    /// Where a host-mode port comes from when none is named: Linux's ephemeral range.
    public static let ephemeralPortRange: ClosedRange<UInt16> = 32_768...60_999
}
