// Everything one node's data plane remembers from one batch to the next: flows it owns, fragments
// it follows, what it has counted. The program it runs is not part of it: a new program is adopted
// by passing it to the next `process`, and flows survive where their endpoint keeps its index.
//
// Invariant: memory is fixed between batches, and the ledger balances after each of them.

import Wire

public struct NodeState: ~Copyable {
    var flows4: FlowTable<IPv4Address>
    var flows6: FlowTable<IPv6Address>
    var fragments: FragmentTable
    var held = HeldFrames()
    /// Room for the sights of a stretch of frames.
    private var sights4 = [Sight<IPv4Address>](
        repeating: Sight(), count: Limits.stretchFrameCount)
    private var sights6 = [Sight<IPv6Address>](
        repeating: Sight(), count: Limits.stretchFrameCount)
    var errors = ErrorLimiter()
    /// False sends every packet the long way; only a test has reason to.
    public var usesShortWay = true
    /// Whether the short way asks for what it will want of tables; nil leaves it to their size. Only a
    /// test has reason to say.
    public var looksAhead: Bool?
    public internal(set) var ledger = Ledger()
    /// What a director's tables are lent to.
    var lent = LentTables()
    /// By `VirtualServiceIndex`: requests counted where they enter, replies where they leave their
    /// task, flows where they are remembered.
    public internal(set) var services: [FlowTraffic]
    /// By `EndpointIndex`, counted at the owner.
    public internal(set) var endpoints: [FlowTraffic]
    /// Frames that reached their task without crossing the underlay, and frames that crossed it.
    public internal(set) var localCount: UInt64 = 0
    public internal(set) var remoteCount: UInt64 = 0

    /// State for a node that runs `program`, with a key of its own for the flow table.
    ///
    /// `flowCount` records are set aside at once for each family, `flowCountMax` at most; both are
    /// powers of two.
    public init(
        for program: Program, key: HashKey, flowCount: Int = Limits.flowCountInitial,
        flowCountMax: Int = Limits.flowCountMax
    ) {
        flows4 = FlowTable(key: key, recordCount: flowCount, recordCountMax: flowCountMax)
        flows6 = FlowTable(key: key, recordCount: flowCount, recordCountMax: flowCountMax)
        fragments = FragmentTable(key: key)
        services = Self.counters(program.services.count)
        endpoints = Self.counters(program.endpoints.count)
    }

    /// Counters with room for more: a program with a few services or tasks more is run at once.
    private static func counters(_ count: Int) -> [FlowTraffic] {
        var counters: [FlowTraffic] = []
        counters.reserveCapacity(count + count / 4 + 64)
        lengthen(&counters, to: count)
        return counters
    }

    /// Flows remembered now, expired ones that nothing has replaced among them.
    public var flowCount: Int { flows4.count + flows6.count }

    /// Bytes of the flow tables.
    public var flowByteCount: Int { flows4.byteCount + flows6.byteCount }

    /// For tests and the simulator.
    public mutating func checkInvariants() -> Bool {
        ledger.isBalanced && flows4.checkInvariants() && flows6.checkInvariants()
            && ledger.held == UInt64(held.count)
    }

    /// Makes room, between calls, for what the program counts and for new flows.
    @inline(__always)
    mutating func prepare(for program: borrowing Program, now: UInt32) {
        Self.lengthen(&services, to: program.services.count)
        Self.lengthen(&endpoints, to: program.endpoints.count)
        flows4.rebuildIfCrowded(now: now)
        flows6.rebuildIfCrowded(now: now)
    }

    /// Moves counters and flow records out, so that they can be borrowed beside the rest, and with a
    /// second call back. Nothing is copied and nothing counted.
    @inline(__always)
    mutating func exchange(
        _ services: inout [FlowTraffic], _ endpoints: inout [FlowTraffic],
        _ flows4: inout [FlowRecord<IPv4Address>], _ flows6: inout [FlowRecord<IPv6Address>],
        _ sights4: inout [Sight<IPv4Address>], _ sights6: inout [Sight<IPv6Address>]
    ) {
        swap(&sights4, &self.sights4)
        swap(&sights6, &self.sights6)
        swap(&services, &self.services)
        swap(&endpoints, &self.endpoints)
        self.flows4.exchange(&flows4)
        self.flows6.exchange(&flows6)
    }

    @inline(__always)
    private static func lengthen(_ counters: inout [FlowTraffic], to count: Int) {
        guard counters.count < count else { return }
        grow(&counters, to: count)
    }

    @inline(never)
    private static func grow(_ counters: inout [FlowTraffic], to count: Int) {
        counters.append(contentsOf: repeatElement(FlowTraffic(), count: count - counters.count))
    }

    @inline(__always)
    mutating func remember(
        _ flow: TaskFlow, hash: UInt64, origin: FlowOrigin, event: FlowEvent, _ work: inout Work
    ) -> FlowOutcome {
        let now = work.seconds
        return flow.client.isIPv4Mapped
            ? flows4.remember(
                flow, hash: hash, origin: origin, event: event, now: now, in: &work.flows4)
            : flows6.remember(
                flow, hash: hash, origin: origin, event: event, now: now, in: &work.flows6)
    }

    /// Of both flow tables.
    var flowKey: HashKey { flows4.key }

    func reply(to flow: TaskFlow, event: FlowEvent, _ work: inout Work) -> FlowOrigin? {
        let now = work.seconds
        return flow.client.isIPv4Mapped
            ? flows4.reply(to: flow, event: event, now: now, in: &work.flows4)
            : flows6.reply(to: flow, event: event, now: now, in: &work.flows6)
    }
}
