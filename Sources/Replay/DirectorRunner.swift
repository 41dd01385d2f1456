// A director in a process of its own making: one node without a mesh, whose packets come from a trace
// and go nowhere but to whoever watches.
//
// Invariant: all frames of a batch belong to one tick of the director's clock, a hundredth of a second,
// and the clock never goes back; so how frames fall into batches makes no difference.

import Dataplane
import Wire

public struct DirectorRunner: ~Copyable {
    public private(set) var arena = FrameArena(byteCapacity: 1 << 22)
    private var state: NodeState
    private var director: Director
    private let program = Program.withoutMesh
    private var frames = FrameList()
    /// The rates that `--rate` shows.
    public private(set) var rates = RateBook()
    /// Nanoseconds spent in the data plane, by the clock that `run` was given.
    public private(set) var processingNanoseconds: UInt64 = 0
    /// Frames put in altogether.
    public private(set) var fedCount: UInt64 = 0
    /// In nanoseconds.
    public private(set) var now: UInt64 = 0

    public static let tickNanoseconds: UInt64 = 10_000_000

    /// A director with `rules` on `host`. `connectionCountMax` bounds the connections of each family.
    public init(
        _ rules: DirectorRules, host: DirectorHost, key: HashKey,
        connectionCountMax: Int = Limits.connectionCountMax
    ) {
        state = NodeState(for: program, key: key, flowCount: 1, flowCountMax: 1)
        director = Director(host: host, key: key, connectionCountMax: connectionCountMax)
        director.change { $0 = rules }
    }

    public var ledger: Ledger { state.ledger }

    public var rules: DirectorRules { director.rules }

    public var connectionCount: Int { director.connectionCount }

    /// Bytes of the connection tables.
    public var connectionByteCount: Int { director.connectionByteCount }

    /// Every connection at the time of the last batch.
    public func connectionEntries() -> [ConnectionEntry] { director.connectionEntries() }

    public func checkInvariants() -> Bool {
        state.ledger.isBalanced && director.checkInvariants()
    }

    /// What the director knows of a packet by its header.
    func sight(_ packet: PacketSight) -> DirectorSight? {
        guard let source = packet.source, let destination = packet.destination, packet.hasPorts
        else { return nil }
        return director.sight(
            packet.proto, from: source, packet.sourcePort, to: destination,
            packet.destinationPort)
    }

    /// The end from which the director expects the replies of a client's connection to a virtual
    /// server; nil if replies do not come back this way. Addresses in the mapped form.
    func replySource(
        _ proto: IPProtocol, to client: IPv6Address, _ clientPort: Port,
        from virtual: IPv6Address, _ virtualPort: Port
    ) -> (address: IPv6Address, port: Port)? {
        guard
            let sight = director.sight(proto, from: client, clientPort, to: virtual, virtualPort),
            sight.method == .masquerade, let server = sight.server
        else { return nil }
        return (IPv6Address(server), sight.serverPort)
    }

    public var pendingCount: Int { frames.count }

    /// Whether another frame fits before `run`.
    public var isFull: Bool { frames.count >= Limits.batchFrameCount }

    /// Lends the arena to whoever prepares a frame.
    public mutating func withArena<Result: ~Copyable>(
        _ body: (inout FrameArena) -> Result
    ) -> Result {
        body(&arena)
    }

    /// Puts a frame, whose bytes are in the arena, in front of the director.
    public mutating func put(_ frame: Frame) {
        precondition(!isFull)
        frames.append(frame)
        fedCount += 1
    }

    /// Judges what was put in and shows it to `observer`. `now` is in nanoseconds; `clock` measures
    /// work.
    public mutating func run<Observer: DirectorObserver & ~Copyable>(
        now: UInt64, observer: inout Observer, clock: () -> UInt64
    ) {
        advance(to: now)
        let arrivedCount = frames.count
        if observer.isWatching { observer.arriving(frames, arena) }
        let start = clock()
        process(
            &frames, in: &arena, director: &director, program: program, state: &state,
            now: self.now)
        processingNanoseconds &+= clock() &- start
        if observer.isWatching {
            observer.judged(frames, arrivedCount: arrivedCount, self)
        }
        frames.removeAll()
        arena.removeAll()
    }

    /// Lets time pass: connections end, rates are estimated.
    public mutating func advance(to now: UInt64) {
        self.now = max(self.now, now)
        let tick = self.now / Self.tickNanoseconds
        if rates.isDue(at: tick) { rates.advance(to: tick, rules) }
        director.advance(to: self.now)
    }
}

/// Who watches a director's frames pass.
public protocol DirectorObserver: ~Copyable {
    /// Whether frames must be shown at all.
    var isWatching: Bool { get }
    /// The frames as they reach the director, before it changes any.
    mutating func arriving(_ frames: borrowing FrameList, _ arena: borrowing FrameArena)
    /// The same frames judged, `arrivedCount` of them, and behind them those that the director made
    /// or put together.
    mutating func judged(
        _ frames: borrowing FrameList, arrivedCount: Int, _ runner: borrowing DirectorRunner)
}

/// Watches nothing.
public struct NoDirectorObserver: DirectorObserver {
    public init() {}
    public var isWatching: Bool { false }
    public mutating func arriving(
        _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}
    public mutating func judged(
        _ frames: borrowing FrameList, arrivedCount: Int, _ runner: borrowing DirectorRunner
    ) {}
}
