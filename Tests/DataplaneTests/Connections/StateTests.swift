// Goal: every transition of the kernel's tables, with its timeout and its effect on the counts of
// active connections. Method: each state is reached by the shortest way there is, from either kind
// of forwarding; then each packet is sent from each side.

import Dataplane
import Testing
import Wire

@Suite struct StateTests {
    private struct Place: Hashable {
        var state: Int
        var hasNoOutput: Bool
    }

    private typealias Step = (event: String, direction: ConnectionDirection)

    @Test func `TCP connections go through the kernel's states`() throws {
        #expect(try walk(.tcp) == 8)
    }

    @Test func `with secure_tcp a client alone establishes nothing`() throws {
        #expect(try walk(.secureTCP, isSecure: true) == 9)
    }

    @Test func `SCTP associations go through the kernel's states`() throws {
        #expect(try walk(.sctp) == 14)
    }

    /// Tries every packet in every place; the number of states there are.
    private func walk(_ machine: StateMachine, isSecure: Bool = false) throws -> Int {
        var reached: Set<Int> = []
        for method in [ForwardingMethod.masquerade, .directRouting] {
            let start = Place(state: 0, hasNoOutput: method != .masquerade)
            var ways: [Place: [Step]] = [start: []]
            var queue = [start]
            while let place = queue.popLast() {
                let way = ways[place] ?? []
                for event in machine.events + (machine.proto == .tcp ? ["null"] : []) {
                    for direction in [ConnectionDirection.input, .output] {
                        let table: StateTable =
                            direction == .output
                            ? .output : place.hasNoOutput ? .inputOnly : .input
                        let next = Place(
                            state: machine.after(place.state, event, table),
                            hasNoOutput: place.hasNoOutput && direction == .input)
                        let steps = way + [(event, direction)]
                        try expect(next.state, after: steps, machine, method, isSecure)
                        guard ways[next] == nil else { continue }
                        ways[next] = steps
                        queue.append(next)
                    }
                }
            }
            reached.formUnion(ways.keys.map(\.state))
        }
        return reached.count
    }

    private func expect(
        _ state: Int, after steps: [Step], _ machine: StateMachine, _ method: ForwardingMethod,
        _ isSecure: Bool
    ) throws {
        var bench = try ConnectionFixture(countMax: 16, method: method)
        bench.rules.settings.secureTCP = isSecure ? 3 : 0
        let flow = ConnectionFixture.flow(machine.proto, client: 1)
        guard case .connection(let index) = bench.schedule(flow) else {
            Issue.record("not scheduled")
            return
        }
        for step in steps {
            let event = TransportEvent(machine.proto, bytes: machine.header(step.event))
            bench.send(index, event, step.direction)
        }
        let (expected, entry) = (machine.states[state], bench.entry(flow))
        #expect(entry?.stateName == expected.name, "\(steps)")
        #expect(entry?.expiresInTicks == expected.seconds * 100, "\(steps)")
        let active = bench.rules.servers.reduce(0) { $0 + $1.activeCount }
        #expect(active == (expected.isActive ? 1 : 0), "\(steps)")
        let isSound = bench.isSound()
        #expect(isSound)
    }

    /// Also those that no packet leads to.
    @Test func `every cell of the tables is the kernel's`() {
        for table in StateTable.allCases {
            let direction: ConnectionDirection = table == .output ? .output : .input
            let isInputOnly = table == .inputOnly
            for state in TCPState.names.indices.map({ TCPState(rawValue: UInt8($0)) }) {
                for (row, event) in StateMachine.tcp.events.enumerated() {
                    let ordinary = state.after(
                        row: UInt8(row), direction, isInputOnly: isInputOnly, isSecure: false)
                    let secure = state.after(
                        row: UInt8(row), direction, isInputOnly: isInputOnly, isSecure: true)
                    let place = Int(state.rawValue)
                    #expect(
                        Int(ordinary.rawValue) == StateMachine.tcp.after(place, event, table))
                    #expect(
                        Int(secure.rawValue) == StateMachine.secureTCP.after(place, event, table))
                }
            }
            for state in SCTPState.names.indices.map({ SCTPState(rawValue: UInt8($0)) }) {
                for (row, event) in StateMachine.sctp.events.enumerated() {
                    let next = state.after(row: UInt8(row), direction, isInputOnly: isInputOnly)
                    let expected = StateMachine.sctp.after(Int(state.rawValue), event, table)
                    #expect(Int(next.rawValue) == expected)
                }
            }
        }
    }

    @Test func `RST counts before SYN, SYN before FIN, FIN before ACK`() throws {
        for (flags, name) in [
            (0x16, "CLOSE"), (0x13, "SYN_RECV"), (0x11, "CLOSE"), (0x10, "ESTABLISHED"),
        ] as [(UInt8, String)] {
            var bench = try ConnectionFixture()
            var header = StateMachine.tcp.header("null")
            header[13] = flags
            let flow = ConnectionFixture.flow(.tcp, client: 1)
            bench.open(flow, header)
            let entry = bench.entry(flow)
            #expect(entry?.stateName == name, "flags \(flags)")
        }
    }

    @Test func `an ABORT behind a COOKIE-ECHO ends the association`() throws {
        var bench = try ConnectionFixture()
        let flow = ConnectionFixture.flow(.sctp, client: 1)
        var header = [UInt8](repeating: 0, count: 24)
        header[12] = 10
        header[15] = 6
        header[20] = 6
        bench.open(flow, header)
        let entry = bench.entry(flow)
        #expect(entry?.stateName == "CLOSED")
    }

    @Test func `a header cut short changes nothing but the time that is left`() throws {
        for proto in [IPProtocol.tcp, .udp, .sctp] {
            var bench = try ConnectionFixture()
            let flow = ConnectionFixture.flow(proto, client: 1)
            let event = TransportEvent(proto, bytes: [0, 1, 0, 80])
            #expect(event.opening(bench.rules.settings) == .unreadable)
            guard case .connection(let index) = bench.schedule(flow) else { continue }
            bench.wait(100)
            bench.send(index, event)
            let entry = bench.entry(flow)
            #expect(entry?.expiresInTicks == 300)
        }
    }
}
