// A figure of today beside the same one of another day.
//
// The rule: it has changed when the medians lie further apart than both noises together (half of what
// lies between the quartiles, of each) and by more than three parts in a hundred of the old one.
// Anything else is within noise. Invariant: swapping old and new swaps better and worse.

public struct Comparison: Codable, Equatable, Sendable {
    public enum Verdict: String, Codable, Sendable {
        case better, worse
        case withinNoise = "within noise"
    }

    public var name: String
    public var placement: Placement?
    public var unit: String
    public var old: Double
    public var new: Double
    public var verdict: Verdict

    /// The part by which a median must change to count.
    public static let leastChange = 0.03

    public init(_ old: BenchReport.Figure, _ new: BenchReport.Figure) {
        name = new.name
        placement = new.placement
        unit = new.unit
        self.old = old.spread.median
        self.new = new.spread.median
        verdict = Self.verdict(old.spread, new.spread, isHigherBetter: new.isHigherBetter)
    }

    public static func verdict(
        _ old: Spread, _ new: Spread, isHigherBetter: Bool
    ) -> Verdict {
        let change = new.median - old.median
        let least = leastChange * min(abs(old.median), abs(new.median))
        guard abs(change) > old.halfWidth + new.halfWidth, abs(change) > least else {
            return .withinNoise
        }
        return (change > 0) == isHigherBetter ? .better : .worse
    }
}

extension BenchReport {
    /// Every figure that both reports have, in the order of this one.
    public func compared(with old: BenchReport) -> [Comparison] {
        allFigures.compactMap { figure in
            old.allFigures.first {
                $0.name == figure.name && $0.placement == figure.placement && $0.unit == figure.unit
            }.map { Comparison($0, figure) }
        }
    }

    /// What makes a comparison with `old` doubtful: other machine, trace or stack.
    public func differences(from old: BenchReport) -> [String] {
        var differences: [String] = []
        if machine.processor != old.machine.processor
            || machine.processors != old.machine.processors
        {
            differences.append("the machine is another one")
        }
        if options.clock ?? "time" != old.options.clock ?? "time" {
            differences.append("one of the two measured processor time")
        }
        if trace.sha256 != old.trace.sha256 { differences.append("the trace is another one") }
        if stack != old.stack { differences.append("the stack is another one") }
        if build.isDebug != old.build.isDebug {
            differences.append("one of the two was not an optimized build")
        }
        return differences
    }

    /// The figures, and what else can be compared as one.
    private var allFigures: [Figure] {
        var all = figures
        for figure in figures {
            guard let spread = figure.overFloor else { continue }
            all.append(Figure(figure.name, figure.placement, unit: "x floor", spread: spread))
        }
        if let memory = Spread([memory.bytesPerFlow]) {
            all.append(Figure("flow memory", unit: "bytes/flow", spread: memory))
        }
        if let workers {
            all.append(
                Figure(
                    "\(workers.workers) workers", unit: "x one worker", isHigherBetter: true,
                    spread: workers.ratio))
        }
        return all
    }
}
