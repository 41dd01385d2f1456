// A trace through a director: reads packets, aims them, puts them in front of it in batches, and keeps
// what there is to tell. Packets of clients and of real servers both come in: a director tells a reply
// from a request by the connection it belongs to.
//
// Time is the trace's. Invariant: packets read = packets put in front of the director + packets passed
// over, by reason.

import Capture
import Dataplane
import Wire

public struct DirectorReplayOptions: Sendable {
    /// Passes over the trace.
    public var loopCount: UInt64 = 1
    /// Packets to read altogether; nil for all.
    public var packetLimit: UInt64?
    /// A libpcap expression; packets that do not match are passed over.
    public var filter: String?
    /// As in `DirectorRemapRule`; the first one that matches counts.
    public var remaps: [String] = []
    /// Packets from virtual addresses become replies of the real servers.
    public var aimsReplies = false
    /// One packet at a time, so that whoever watches sees the director as each packet left it.
    public var isStepwise = false

    public init() {}
}

public struct DirectorReplayer: ~Copyable {
    public private(set) var runner: DirectorRunner
    public private(set) var tally = TraceTally()
    /// What was cut off the end of the trace, if anything.
    public private(set) var truncation: CaptureTruncation?
    private let options: DirectorReplayOptions
    private let filter: FrameFilter
    private var aimer: DirectorAimer
    private var budget: BatchBudget
    /// Of the frames that are pending.
    private var batchTick: UInt64 = 0
    private var batchEnd: UInt64 = 0
    /// Added to time stamps, so that a second pass follows the first.
    private var timeShift: UInt64 = 0
    private var passes: TracePasses

    /// The largest header that a tunnel puts before a packet: IPv6, UDP, GUE with its private field.
    private static let tunnelByteCountMax = 40 + 8 + 4 + 8

    /// Prepares a replay; reads nothing yet.
    public init(
        _ runner: consuming DirectorRunner, host: DirectorHost, _ options: DirectorReplayOptions
    ) throws(ReplayError) {
        let rules = runner.rules
        var remaps: [DirectorRemapRule] = []
        for text in options.remaps { remaps.append(try DirectorRemapRule(text, rules)) }
        filter = try FrameFilter(options.filter)
        aimer = DirectorAimer(rules, host, remaps: remaps, aimsReplies: options.aimsReplies)
        self.runner = runner
        self.options = options
        passes = TracePasses(
            loopCount: options.loopCount, packetLimit: options.packetLimit)
        budget = BatchBudget(
            mtu: (host.links.map(\.mtu).min() ?? 1_500) - Self.tunnelByteCountMax)
    }

    /// Replays the file at `path`, `-` for standard input, as often as asked. `progress` is told the
    /// number of packets read now and then, and says whether to go on: if not, the passes end there.
    public mutating func replay<Observer: DirectorObserver & ~Copyable>(
        path: String, observer: inout Observer, clock: () -> UInt64,
        progress: (UInt64) -> Bool = { _ in true }
    ) throws(CaptureError) {
        try replay(
            from: CaptureReader(path: path), observer: &observer, clock: clock, progress: progress)
    }

    /// Replays a file that is open already, and opens it again for each further pass.
    public mutating func replay<Observer: DirectorObserver & ~Copyable>(
        from first: consuming CaptureReader, observer: inout Observer, clock: () -> UInt64,
        progress: (UInt64) -> Bool = { _ in true }
    ) throws(CaptureError) {
        var reader = first
        passes.begin()
        // What was read before an error is decided too.
        defer {
            flush(&observer, clock)
            runner.advance(to: tally.last)
        }
        while passes.hasNext(after: tally) {
            if passes.count > 0 { reader = try CaptureReader(path: reader.path) }
            timeShift = tally.timeShift(ofPass: passes.count)
            try replay(&reader, &observer, clock, progress)
            truncation = reader.truncation
            passes.end()
        }
    }

    private mutating func replay<Observer: DirectorObserver & ~Copyable>(
        _ reader: inout CaptureReader, _ observer: inout Observer, _ clock: () -> UInt64,
        _ progress: (UInt64) -> Bool
    ) throws(CaptureError) {
        var record = PacketRecord()
        while !passes.isOver(tally), try reader.next(&record) {
            let time = record.timestampNanoseconds &+ timeShift
            let tick = max(time, batchEnd) / DirectorRunner.tickNanoseconds
            if runner.isFull || tick != batchTick || options.isStepwise
                || !budget.admits(
                    record.capturedByteCount, freeByteCount: runner.arena.freeByteCount)
            {
                flush(&observer, clock)
            }
            batchTick = tick
            batchEnd = max(batchEnd, time)
            tally.count(record, at: time)
            put(reader.bytes(of: record), record, &observer, clock)
            passes.show(tally.packetCount, progress)
        }
    }

    private mutating func put<Observer: DirectorObserver & ~Copyable>(
        _ bytes: RawSpan, _ record: PacketRecord, _ observer: inout Observer,
        _ clock: () -> UInt64
    ) {
        let mark = runner.arena.usedByteCount
        guard var frame = append(bytes, record) else {
            tally[.unsupportedLink] &+= 1
            return
        }
        guard
            filter.matches(runner.arena.bytes(of: frame), wireByteCount: frame.wireByteCount)
        else {
            runner.withArena { $0.release(to: mark) }
            tally[.filtered] &+= 1
            return
        }
        let sight = PacketSight(runner.arena.bytes(of: frame))
        let time = record.timestampNanoseconds &+ timeShift
        var aim = aimer.aim(frame, sight, at: time, runner.arena)
        if runner.pendingCount > 0, needsOthersJudged(sight, aim) {
            flush(&observer, clock)
            guard let again = append(bytes, record) else { return }
            frame = again
        }
        if case .reply(let virtual, let port) = aim {
            aim = replying(sight, from: virtual, port)
        }
        aimer.remember(aim, sight, at: time)
        switch aim {
        case .asItIs, .reply: break
        case .destination(let address, let port):
            rewrite(frame, sight, destination: (address, port))
        case .source(let address, let port): rewrite(frame, sight, source: (address, port))
        case .skip(let reason):
            runner.withArena { $0.release(to: min(mark, $0.usedByteCount)) }
            tally[reason] &+= 1
            return
        }
        budget.add(frame.byteCount)
        runner.put(frame)
        if sight.hasOptions { flush(&observer, clock) }
    }

    /// Whose reply it is, is known once everything before was judged; and a packet that may have the
    /// time entered in it has a batch of its own, so that it is its own time.
    private func needsOthersJudged(_ sight: PacketSight, _ aim: DirectorAimer.Aim) -> Bool {
        if case .reply = aim { return true }
        return sight.hasOptions
    }

    /// Copies a packet into the arena.
    private mutating func append(_ bytes: RawSpan, _ record: PacketRecord) -> Frame? {
        let id = tally.packetCount
        return runner.withArena { arena in
            var frame = Frame(offset: 0, byteCount: 0, wireByteCount: 0, id: 0, arrival: .network)
            let isThere = LinkNormalizer.append(
                bytes, originalByteCount: record.originalByteCount, record.linkType, id: id,
                timestamp: record.timestampNanoseconds &+ timeShift, to: &arena, as: &frame)
            return isThere ? frame : nil
        }
    }

    /// A packet of a virtual server as its real server sends it.
    private func replying(
        _ sight: PacketSight, from virtual: IPv6Address, _ port: Port
    ) -> DirectorAimer.Aim {
        guard let client = sight.destination,
            let server = runner.replySource(
                sight.proto, to: client, sight.destinationPort, from: virtual, port)
        else { return .skip(.host) }
        return .source(server.address, server.port)
    }

    private mutating func rewrite(
        _ frame: Frame, _ sight: PacketSight, source: (IPv6Address, Port)? = nil,
        destination: (IPv6Address, Port)? = nil
    ) {
        tally.aimedCount &+= 1
        runner.withArena { arena in
            var bytes = arena.mutableBytes(of: frame)
            aim(&bytes, sight, source: source, destination: destination)
        }
    }

    private mutating func flush<Observer: DirectorObserver & ~Copyable>(
        _ observer: inout Observer, _ clock: () -> UInt64
    ) {
        guard runner.pendingCount > 0 else { return }
        runner.run(now: batchEnd, observer: &observer, clock: clock)
        budget.reset()
    }
}
