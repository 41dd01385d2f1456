// Everything one node's data plane remembers from one batch to the next: flows it owns, fragments
// it follows, what it has counted. The program it runs is not part of it: a new program is adopted
// by passing it to the next `process`, and flows survive where their endpoint keeps its index.
//
// Invariant: memory is fixed between batches, and the ledger balances after each of them. Tables and the
// rest are two, so that a batch can borrow the tables beside the rest.

import Wire

public struct NodeState: ~Copyable {
    var tables: NodeTables
    var core: NodeCore

    /// State for a node that runs `program`, with a key of its own for the flow table.
    ///
    /// `flowCount` records are set aside at once for each family, `flowCountMax` at most; both are
    /// powers of two.
    public init(
        for program: Program, key: HashKey, flowCount: Int = Limits.flowCountInitial,
        flowCountMax: Int = Limits.flowCountMax
    ) {
        precondition(flowCount.nonzeroBitCount == 1)
        tables = NodeTables(for: program, flowCount: min(flowCount, flowCountMax))
        core = NodeCore(key: key, flowCountMax: flowCountMax)
    }

    /// False sends every packet the long way; only a test has reason to.
    public var usesShortWay: Bool {
        get { core.usesShortWay }
        set { core.usesShortWay = newValue }
    }

    /// Whether the short way asks for what it will want of tables; nil leaves it to their size. Only a
    /// test has reason to say.
    public var looksAhead: Bool? {
        get { core.looksAhead }
        set { core.looksAhead = newValue }
    }

    public var ledger: Ledger { core.ledger }
    /// By `VirtualServiceIndex`: requests counted where they enter, replies where they leave their
    /// task, flows where they are remembered.
    public var services: [FlowTraffic] { tables.services }
    /// By `EndpointIndex`, counted at the owner.
    public var endpoints: [FlowTraffic] { tables.endpoints }
    /// Frames that reached their task without crossing the underlay, and frames that crossed it.
    public var localCount: UInt64 { core.localCount }
    public var remoteCount: UInt64 { core.remoteCount }

    /// Flows remembered now, expired ones that nothing has replaced among them.
    public var flowCount: Int { core.flows4.count + core.flows6.count }

    /// Bytes of the flow tables.
    public var flowByteCount: Int {
        tables.records4.count * MemoryLayout<FlowRecord<IPv4Address>>.stride
            + tables.records6.count * MemoryLayout<FlowRecord<IPv6Address>>.stride
    }

    /// For tests and the simulator.
    public mutating func checkInvariants() -> Bool {
        core.ledger.isBalanced && core.flows4.checkInvariants(&tables.records4)
            && core.flows6.checkInvariants(&tables.records6)
            && core.ledger.held == UInt64(core.held.count)
    }

    /// Makes room, between calls, for what the program counts and for new flows.
    @inline(__always)
    mutating func prepare(for program: borrowing Program, now: UInt32) {
        tables.prepare(for: program)
        if core.addressEpoch != program.addressEpoch { adopt(program) }
        core.flows4.rebuildIfCrowded(&tables.records4, now: now)
        core.flows6.rebuildIfCrowded(&tables.records6, now: now)
    }

    @inline(never)
    private mutating func adopt(_ program: borrowing Program) {
        core.addressEpoch = program.addressEpoch
        core.flows4.renew(&tables.records4)
        core.flows6.renew(&tables.records6)
    }
}
