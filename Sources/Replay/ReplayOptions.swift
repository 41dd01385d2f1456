// What a replay is asked to do, in tcpreplay's words where it has them.
// Passive: nothing is checked here but by the types; `Replayer` says what cannot be obeyed.

public struct ReplayOptions: Sendable {
    /// Passes over the trace.
    public var loopCount: UInt64
    /// Packets to read altogether; nil for all.
    public var packetLimit: UInt64?
    public var policy: EntryPolicy
    /// A libpcap expression; packets that do not match are passed over.
    public var filter: String?
    /// `FILTER=SERVICE:PORT`, the first that matches counts.
    public var remaps: [String]
    /// Flows that a node may remember, a power of two.
    public var flowCountMax: Int

    public init(
        loopCount: UInt64 = 1, packetLimit: UInt64? = nil, policy: EntryPolicy = .address,
        filter: String? = nil, remaps: [String] = [], flowCountMax: Int = 1 << 22
    ) {
        self.loopCount = loopCount
        self.packetLimit = packetLimit
        self.policy = policy
        self.filter = filter
        self.remaps = remaps
        self.flowCountMax = flowCountMax
    }
}
