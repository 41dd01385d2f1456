// Everything that is measured frame by frame, taking turns: the stages and both halves of the floor,
// with the frames of a batch in cache and with all of them in memory.
//
// Invariant: stages share their nodes' state and run in the order of a packet's way, so a reply
// finds the flow that the request opened.

import Mesh

struct Turns: ~Copyable {
    private var stages: [StageTurn] = []
    private var floors: [FloorTurn] = []
    var mesh: Trials
    var read: Trials
    var replay: Trials
    /// Nanoseconds for each packet that a trial of `replay` spent on nodes and wire.
    var replayNodes: [Double] = []

    init(
        _ recording: Recording, _ nodes: [BenchNode], _ options: BenchOptions,
        _ clock: @escaping Clock
    ) {
        let trials = Trials(
            clock, overhead: options.clockOverhead, nanosecondsWanted: options.trialNanoseconds)
        (mesh, read, replay) = (trials, trials, trials)
        for placement in Placement.allCases {
            for stage in Stage.allCases where !recording.stages[stage.rawValue].isEmpty {
                let pass = StagePass(stage, of: recording, on: nodes, placement)
                stages.append(StageTurn(stage, placement, pass, trials))
            }
            guard !recording.stages[Stage.entry.rawValue].isEmpty else { continue }
            for half in FloorHalf.allCases {
                let pass = FloorPass(half, of: recording, placement)
                floors.append(FloorTurn(half, placement, pass, trials))
            }
        }
    }

    /// Flow tables grow to their size, and every page is touched.
    func warm() {
        for stage in stages { stage.warm() }
        for stage in stages { stage.warm() }
    }

    /// A trial of each.
    func run() {
        for stage in stages { stage.run() }
        for floor in floors { floor.run() }
    }

    func count() {
        for stage in stages { stage.count() }
        for floor in floors { floor.count() }
    }

    /// In the order of a packet's way.
    var figures: [BenchReport.Figure] {
        var figures = [figure("read", nil, read)]
        for stage in Stage.allCases {
            for turn in stages where turn.stage == stage {
                figures.append(
                    figure(stage.name, turn.placement, turn.trials, floor: floor(for: turn)))
            }
        }
        figures.append(figure("mesh", .cached, mesh, floor: bothHalves))
        figures.append(figure("replay", nil, replay))
        figures.append(
            Spread(replayNodes).map {
                BenchReport.Figure("replay, nodes", packets: replay.packetCount, spread: $0)
            })
        for turn in floors { figures.append(figure(turn.half.name, turn.placement, turn.trials)) }
        for index in figures.indices where figures[index]?.name == "replay" {
            figures[index]?.allocations = nil
        }
        return figures.compactMap { $0 }
    }

    private func figure(
        _ name: String, _ placement: Placement?, _ trials: Trials, floor: [Double]? = nil
    ) -> BenchReport.Figure? {
        guard let spread = Spread(trials.nanosecondsPerPacket) else { return nil }
        var figure = BenchReport.Figure(
            name, placement, packets: trials.packetCount, spread: spread)
        if let floor {
            figure.overFloor = Spread(zip(trials.nanosecondsPerPacket, floor).map { $0 / $1 })
        }
        figure.allocations = trials.allocationCount
        figure.batches = trials.times.percentiles
        figure.cyclesPerPacket = trials.cycles
        figure.instructionsPerPacket = trials.instructions
        return figure
    }

    /// The floor's trials that do what a stage does, for the packets of clients.
    private func floor(for turn: StageTurn) -> [Double]? {
        let half: FloorHalf
        switch turn.stage {
        case .entry: half = .entry
        case .owner: half = .owner
        case .replyOwner, .replyEntry: return nil
        }
        return floors.first { $0.half == half && $0.placement == turn.placement }?
            .trials.nanosecondsPerPacket
    }

    /// Entry and owner, as a packet across the mesh needs them.
    private var bothHalves: [Double]? {
        let halves = floors.filter { $0.placement == .cached }.map(\.trials.nanosecondsPerPacket)
        guard halves.count == 2 else { return nil }
        return zip(halves[0], halves[1]).map { $0 + $1 }
    }
}

/// A stage and what its trials gave. A class because a pass cannot be copied and arrays hold only
/// what can; touched once a trial.
final class StageTurn {
    let stage: Stage
    let placement: Placement
    private(set) var trials: Trials
    private var pass: StagePass

    init(_ stage: Stage, _ placement: Placement, _ pass: consuming StagePass, _ trials: Trials) {
        self.stage = stage
        self.placement = placement
        self.pass = pass
        self.trials = trials
    }

    func warm() {
        var timing = Timing { 0 }
        pass.pass(&timing)
    }

    func run() { trials.run(&pass) }
    func count() { trials.count(&pass) }
}

/// The same of a half of the floor.
final class FloorTurn {
    let half: FloorHalf
    let placement: Placement
    private(set) var trials: Trials
    private var pass: FloorPass

    init(_ half: FloorHalf, _ placement: Placement, _ pass: consuming FloorPass, _ trials: Trials) {
        self.half = half
        self.placement = placement
        self.pass = pass
        self.trials = trials
    }

    func run() { trials.run(&pass) }
    func count() { trials.count(&pass) }
}
