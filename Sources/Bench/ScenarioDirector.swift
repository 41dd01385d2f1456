// A scenario's director at work: batches of its connections' packets, drawn at random, and what the
// servers answer.
//
// A class because node states cannot be copied. Requests and replies are drawn each for themselves, so
// that neither finds in cache what the other has just fetched. Invariant: `ask` follows what places
// clients' packets and `reply` what places servers'; a packet that leaves by no link is counted.

import Dataplane
import Mesh
import Replay
import Wire

public final class ScenarioDirector {
    public let scenario: DirectorScenario
    private let program = Program.withoutMesh
    private var state: NodeState
    private var director: Director
    private var arena: FrameArena
    private var list = FrameList()
    private var connections: [Int] = []
    /// By connection: the real server that it was given to.
    private var servers: [IPv4Address]
    private var random: RandomNumbers
    private var now: UInt64 = 1_000_000_000
    private var astrayCount = 0
    /// The number of the next connection that was never seen.
    private lazy var next = scenario.connectionCount

    /// Twenty million packets in a second.
    private static let packetNanoseconds = 50

    public init(_ scenario: DirectorScenario, connectionCountMax: Int? = nil) throws(BenchError) {
        self.scenario = scenario
        random = RandomNumbers(below: scenario.connectionCount)
        let key = HashKey(k0: 7, k1: 11)
        state = NodeState(for: program, key: key, flowCount: 1, flowCountMax: 1)
        arena = FrameArena(byteCapacity: 1 << 20)
        let rules: DirectorRules
        do throws(RuleError) { rules = try scenario.rules(key) } catch { throw .rule("\(error)") }
        director = Director(
            host: scenario.host, key: key,
            connectionCountMax: connectionCountMax ?? scenario.connectionCount)
        director.change { $0 = rules }
        connections.reserveCapacity(Limits.batchFrameCount)
        servers = [IPv4Address](
            repeating: IPv4Address(rawValue: 0), count: scenario.connectionCount)
    }

    /// Bytes of the connection tables, and connections in them.
    public var memory: (byteCount: Int, connectionCount: Int) {
        (director.connectionByteCount, director.connectionCount)
    }

    /// No packet went astray, and everything is in order.
    public var isSound: Bool {
        astrayCount == 0 && director.checkInvariants() && state.checkInvariants()
    }

    /// Connections in the state that `name` names.
    private func count(inState name: String) -> Int {
        director.connectionEntries().count { $0.stateName == name }
    }

    /// Puts a batch of clients' packets in front of the director.
    public func fill() {
        draw()
        place(.ack)
    }

    /// Puts a batch of servers' packets in front of the director.
    public func answer() {
        draw()
        answer(.ack)
    }

    /// Draws established connections at random.
    private func draw() {
        connections.removeAll(keepingCapacity: true)
        for _ in 0..<Limits.batchFrameCount { connections.append(random.next()) }
    }

    private func fill(_ numbers: Range<Int>, _ flags: TCPFlags) {
        connections.removeAll(keepingCapacity: true)
        connections.append(contentsOf: numbers)
        place(flags)
    }

    /// Puts the clients' packets in front of the director.
    private func place(_ flags: TCPFlags) {
        clear()
        for index in connections.indices {
            let connection = connections[index]
            append(index) { scenario, bytes in
                scenario.writeRequest(connection, flags, to: &bytes)
            }
        }
    }

    private func clear() {
        arena.removeAll()
        list.removeAll()
    }

    private func append(_ index: Int, _ write: (DirectorScenario, inout MutableRawSpan) -> Void) {
        let byteCount = max(scenario.frameByteCount, 60)
        guard let offset = arena.reserve(byteCount) else { return }
        let frame = Frame(
            offset: offset, byteCount: byteCount, wireByteCount: byteCount, id: UInt64(index),
            arrival: .network)
        var bytes = arena.mutableBytes(of: frame)
        write(scenario, &bytes)
        list.append(frame)
    }

    /// The director's work on clients' packets.
    @inline(never)
    public func ask() { process() }

    private func answer(_ flags: TCPFlags) {
        clear()
        for index in connections.indices {
            let (connection, server) = (connections[index], servers[connections[index]])
            append(index) { scenario, bytes in
                scenario.writeReply(connection, from: server, flags, to: &bytes)
            }
        }
    }

    /// The director's work on servers' packets.
    @inline(never)
    public func reply() { process() }

    private func process() {
        now &+= UInt64(list.count * Self.packetNanoseconds)
        Dataplane.process(
            &list, in: &arena, director: &director, program: program, state: &state, now: now)
    }

    /// Counts packets of the last batch that did not leave.
    public func check() {
        for index in 0..<list.count {
            if case .transmitted = list[index].verdict { continue }
            astrayCount += 1
        }
    }

    /// Establishes every connection, as far as servers' answers come this way.
    public func openAll() {
        for first in stride(from: 0, to: scenario.connectionCount, by: Limits.batchFrameCount) {
            let end = min(first + Limits.batchFrameCount, scenario.connectionCount)
            fill(first..<end, .syn)
            ask()
            noteServers()
            if scenario.method == .masquerade {
                answer([.syn, .ack])
                reply()
                check()
            }
            place(.ack)
            ask()
            check()
        }
    }

    /// Notes where the packets of the last batch went.
    private func noteServers() {
        check()
        for index in connections.indices {
            let destination = EthernetFields.byteCount + 16
            servers[connections[index]] = IPv4Address(
                rawValue: arena.bytes(of: list[index]).u32(destination))
        }
    }

    /// Puts a batch of first packets in front of the director, of connections that were never seen.
    public func fillNew() {
        fill(next..<next + Limits.batchFrameCount, .syn)
        next += Limits.batchFrameCount
    }

    /// Opens connections that no client ever completes.
    public func flood(count: Int) {
        for _ in stride(from: 0, to: count, by: Limits.batchFrameCount) {
            fillNew()
            ask()
        }
    }

    /// Connections whose handshake is complete.
    public var establishedCount: Int { count(inState: "ESTABLISHED") }
}
