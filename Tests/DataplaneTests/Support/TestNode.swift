// One node of a mesh under test: a program, its state, and a way to put frames before it. The
// ledger and every table are checked after each batch, whoever runs it.

import Dataplane
import Testing
import Wire

/// A frame to be judged.
struct Input {
    var bytes: [UInt8]
    var arrival = Arrival.network
    /// Nil for a frame that was captured whole.
    var wireByteCount: Int?
    var id: UInt64 = 0
}

/// A judged frame.
struct Outcome {
    var verdict: Verdict
    var bytes: [UInt8]
    var frame: Frame
}

final class TestNode {
    /// What it runs from the next batch on.
    var program: Program
    private(set) var state: NodeState
    private var director: Director?
    private var arena: FrameArena
    private var frames: FrameList

    init(_ program: Program, flowCount: Int = 256, flowCountMax: Int = 1 << 16) {
        self.program = program
        let key = HashKey(k0: 0x5eed, k1: UInt64(program.node.rawValue))
        state = NodeState(
            for: program, key: key, flowCount: flowCount, flowCountMax: flowCountMax)
        arena = FrameArena()
        frames = FrameList()
    }

    var ledger: Ledger { state.ledger }
    var flowCount: Int { state.flowCount }
    /// Of the last batch, with what was made of it.
    var frameCount: Int { frames.count }

    /// Whether packets may take the short way; they do unless they are told not to.
    var usesShortWay: Bool {
        get { state.usesShortWay }
        set { state.usesShortWay = newValue }
    }

    /// Puts a director before the mesh.
    func equip(with director: consuming Director, usesShortWay: Bool) {
        self.director = consume director
        state.usesShortWay = usesShortWay
    }

    func change(_ body: (inout DirectorRules) throws -> Void) throws {
        try director?.change { rules in try body(&rules) }
    }

    /// The director's connections, in the order of their places.
    var connectionEntries: [ConnectionEntry] {
        switch director {
        case .none: []
        case .some(let director): director.connectionEntries()
        }
    }

    /// What its real servers have seen.
    var serverCounts: [ServerCounts] {
        switch director {
        case .none: []
        case .some(let director):
            director.rules.servers.map {
                ServerCounts(
                    active: $0.activeCount, inactive: $0.inactiveCount,
                    persistent: $0.persistentCount, counters: $0.counters)
            }
        }
    }

    struct ServerCounts: Equatable {
        var active: Int32
        var inactive: Int32
        var persistent: Int32
        var counters: ServiceCounters
    }

    /// Judges frames, at most one batch of them; `now` in nanoseconds.
    @discardableResult
    func judge(
        _ inputs: [Input], now: UInt64, sourceLocation: SourceLocation = #_sourceLocation
    ) -> [Outcome] {
        run(inputs, now: now)
        let isSound = state.checkInvariants()
        #expect(isSound, "ledger and tables", sourceLocation: sourceLocation)
        return (0..<frames.count).map { index in
            let frame = frames[index]
            return Outcome(verdict: frame.verdict, bytes: arena.array(of: frame), frame: frame)
        }
    }

    /// The same for the many frames of a sweep: counts them by verdict only, in `tally`.
    func judge(_ inputs: [Input], now: UInt64, into tally: inout [Verdict: Int]) -> Bool {
        run(inputs, now: now)
        for index in 0..<frames.count { tally[frames[index].verdict, default: 0] += 1 }
        return state.checkInvariants()
    }

    /// The same for tests that measure: nothing is checked here, so check afterwards.
    func feed(_ inputs: [Input], now: UInt64) { run(inputs, now: now) }

    private func run(_ inputs: [Input], now: UInt64) {
        arena.removeAll()
        frames.removeAll()
        for input in inputs {
            guard let offset = arena.append(input.bytes.span.raw) else {
                fatalError("the arena of a test is too small")
            }
            frames.append(
                Frame(
                    offset: offset, byteCount: input.bytes.count,
                    wireByteCount: input.wireByteCount ?? input.bytes.count, id: input.id,
                    arrival: input.arrival))
        }
        guard var director = director.take() else {
            return process(&frames, in: &arena, program: program, state: &state, now: now)
        }
        process(
            &frames, in: &arena, director: &director, program: program, state: &state, now: now)
        self.director = consume director
    }
}

extension FrameArena {
    func array(of frame: Frame) -> [UInt8] {
        let bytes = bytes(of: frame)
        return (0..<bytes.byteCount).map { bytes.u8($0) }
    }
}

extension UInt64 {
    /// Nanoseconds.
    static func seconds(_ count: Double) -> UInt64 { UInt64(count * 1e9) }
}
