// What one node's data plane remembers besides its tables: fragments and errors, what became of frames, and
// how full the flow tables are. Stages get all of it, and the tables through `Work`.

import Wire

struct NodeCore: ~Copyable {
    var flows4: FlowTable<IPv4Address>
    var flows6: FlowTable<IPv6Address>
    /// Of the program whose answers the flow tables remember; nil before the first.
    var addressEpoch: UInt64?
    var fragments: FragmentTable
    var held = HeldFrames()
    var errors = ErrorLimiter()
    /// As `NodeState` has them.
    var usesShortWay = true
    var looksAhead: Bool?
    var ledger = Ledger()
    var localCount: UInt64 = 0
    var remoteCount: UInt64 = 0
    /// What a director's tables are lent to.
    var lent = LentTables()

    init(key: HashKey, flowCountMax: Int) {
        flows4 = FlowTable(key: key, recordCountMax: flowCountMax)
        flows6 = FlowTable(key: key, recordCountMax: flowCountMax)
        fragments = FragmentTable(key: key)
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
