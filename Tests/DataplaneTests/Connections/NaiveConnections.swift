// The connection table once more, as simply as can be: an array, searched from its end, and every
// entry looked at for its deadline. Knows nothing of schedulers: which server was chosen it is
// told.

import Dataplane
import Wire

struct NaiveEntry<Address: FlowAddress> {
    var flow: ClientFlow<Address>
    var server: RealServerIndex
    var serverPort: Port
    var isTemplate = false
    var isAssured = false
    var state = 0
    var timeout: UInt64 = 300
    var deadline: UInt64 = 0
    /// Of the template's entry; templates have none.
    var template: Int?
    let number: Int

    var machine: StateMachine? {
        flow.proto == .tcp ? .tcp : flow.proto == .sctp ? .sctp : nil
    }

    var stateName: String {
        if isTemplate { return isAssured ? "ASSURED" : "NONE" }
        return machine?.states[state].name ?? "UDP"
    }

    var isActive: Bool { !isTemplate && machine?.states[state].isActive ?? false }
}

struct NaiveConnections<Address: FlowAddress> {
    var entries: [NaiveEntry<Address>] = []
    var now: UInt64
    private var nextNumber = 0

    init(now: UInt64) { self.now = now }

    func find(_ flow: ClientFlow<Address>) -> Int? {
        entries.lastIndex { $0.flow == flow && !$0.isTemplate && flow.clientPort != Port(0) }
    }

    mutating func expire(to time: UInt64) {
        while let next = entries.map(\.deadline).min(), next <= time {
            now = max(now, next)
            let isDue = { (entry: NaiveEntry<Address>) in entry.deadline <= next }
            entries.removeAll { !$0.isTemplate && isDue($0) }
            let named = named()
            entries.removeAll { isDue($0) && !named.contains($0.number) }
            for index in entries.indices where isDue(entries[index]) {
                entries[index].timeout = 6_000
                entries[index].deadline = now + 6_000
            }
        }
        now = time
    }

    /// Templates that connections name.
    private func named() -> Set<Int> { Set(entries.compactMap(\.template)) }

    mutating func add(
        _ flow: ClientFlow<Address>, server: RealServerIndex, port: Port, template: Int? = nil
    ) -> Int {
        nextNumber += 1
        var entry = NaiveEntry(flow: flow, server: server, serverPort: port, number: nextNumber)
        entry.template = template
        entry.deadline = now + entry.timeout
        entries.append(entry)
        return entries.count - 1
    }

    /// The number of the template for a client's connection, made if there is none.
    mutating func template(
        _ flow: ClientFlow<Address>, server: RealServerIndex, port: Port, ticks: UInt64
    ) -> Int {
        let index =
            entries.firstIndex { $0.flow == flow && $0.isTemplate }
            ?? add(flow, server: server, port: port)
        entries[index].isTemplate = true
        if entries[index].timeout == 300 { entries[index].timeout = ticks }
        entries[index].deadline = now + entries[index].timeout
        return entries[index].number
    }

    mutating func advance(_ index: Int, _ event: String, _ direction: ConnectionDirection) {
        if let machine = entries[index].machine {
            let before = entries[index].state
            let state = machine.after(before, event, direction == .output ? .output : .input)
            entries[index].state = state
            entries[index].timeout = UInt64(machine.states[state].seconds * 100)
            if state != before, machine.states[state].name == "ESTABLISHED" { assure(index) }
        } else {
            entries[index].timeout = 30_000
            if direction == .output { assure(index) }
        }
        entries[index].deadline = now + entries[index].timeout
    }

    private mutating func assure(_ index: Int) {
        let template = entries[index].template
        for other in entries.indices where entries[other].number == template {
            entries[other].isAssured = true
        }
    }

    /// ip_vs_expire_nodest_conn_flush.
    mutating func end(of server: RealServerIndex) {
        entries.removeAll { !$0.isTemplate && $0.server == server }
        let named = named()
        entries.removeAll {
            $0.isTemplate && $0.server == server && !named.contains($0.number)
        }
    }
}
