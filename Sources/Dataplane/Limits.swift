// Every bound of the data plane in one place, each with its reason. Memory is bounded by these
// numbers and by nothing that arrives in a packet.

import Wire

public enum Limits {
    /// Frames handed over at once: enough that what a batch costs by itself, some hundred nanoseconds,
    /// does not count, few enough to stay in L2.
    public static let batchFrameCount = 512
    /// Frames that pass each stage of the short way together: their first lines stay in L1.
    static let stretchFrameCount = StretchSights<IPv4Address>.count
    /// Slots and backends of so many bytes stay in L2. Where there are more, it pays to ask for those that
    /// a stretch will want before they are wanted; where there are fewer, it does not.
    static let nearTableByteCount = 1 << 20
    /// Bytes kept free before each frame: the largest outer header (70, over IPv6), rounded up to
    /// a cache line so that frames start aligned.
    public static let headroomByteCount = 128
    /// The longest frame accepted: libpcap's largest snapshot length.
    public static let frameByteCountMax = 262_144
    /// Later fragments waiting for their first one, for each node. A reordered pair is common, a
    /// hundred of them at once is an attack.
    public static let heldFrameCountMax = 64
    /// The least MTU of an IPv4 link (RFC 791, section 3.2).
    static let mtuMin4 = 68
    /// The least MTU of an IPv6 link (RFC 8200, section 5).
    static let mtuMin6 = 1_280
    /// The longest frame that may wait: a jumbo frame with two tags.
    public static let heldFrameByteCountMax = 9_234
    /// Fragmented datagrams followed at once, for each node (a power of two).
    public static let fragmentedDatagramCountMax = 4_096
    /// How long a datagram's fragments belong together: the kernel's net.ipv4.ipfrag_time.
    public static let fragmentTimeoutSeconds: UInt32 = 30
    /// The same for IPv6: net.netfilter.nf_conntrack_frag6_timeout.
    static let fragmentTimeoutSeconds6: UInt32 = 60
    /// Datagrams that a director puts together at once.
    static let reassemblyDatagramCountMax = 512
    /// Memory for their fragments: half of the kernel's net.ipv4.ipfrag_high_thresh, in blocks that
    /// hold a fragment of the usual size.
    static let reassemblyBlockCount = 1_024
    static let reassemblyBlockByteCount = 2_048
    /// Fragments of one datagram whose lengths are remembered, to cut it again where it was cut.
    static let reassemblyPieceCountMax = 256
    /// Slots looked at before the flow table calls itself full around a hash.
    public static let flowProbeCountMax = 64
    /// Records a table starts with (a power of two): growing to as many would cost a batch a tenth of a
    /// millisecond, and sixteen times as many would not stay in L2.
    public static let flowCountInitial = 1 << 13
    /// Flows a table may grow to unless its owner says otherwise (a power of two).
    public static let flowCountMax = 1 << 22
    /// ICMP errors a node may send in a second: the kernel's net.ipv4.icmp_msgs_per_sec.
    public static let errorRatePerSecond: UInt64 = 1_000
    /// ICMP errors in one burst: the kernel's net.ipv4.icmp_msgs_burst.
    public static let errorBurst: UInt64 = 50
    /// First UDP source port of the overlay: the dynamic range that RFC 7348 recommends.
    public static let overlaySourcePortFirst: UInt16 = 49_152
    /// Connections of either family that a director keeps unless its owner says otherwise.
    public static let connectionCountMax = 1 << 22
    /// Places of the eviction queue looked at for one new connection: few enough not to be felt.
    static let evictionProbeCountMax = 64
}
