// Goal: a figure counts as changed when it is, and only then. Method: made-up trials on either side of
// both bounds of the rule, each also with old and new swapped.

import Bench
import Testing

@Suite struct ComparisonTests {
    /// Trials around `median`, whose quartiles lie `halfWidth` to either side of it.
    private func spread(_ median: Double, _ halfWidth: Double) throws -> Spread {
        try #require(Spread([-2, -1, 0, 1, 2].map { median + $0 * halfWidth }))
    }

    @Test(arguments: [
        // Far apart, no noise.
        (100.0, 1.0, 80.0, 1.0, Comparison.Verdict.better), (80, 1, 100, 1, .worse),
        // Beyond the noise, but not beyond 3 %.
        (100, 0.1, 102, 0.1, .withinNoise), (100, 0.1, 104, 0.1, .worse),
        // Beyond 3 %, but not beyond both noises together.
        (100, 6, 110, 5, .withinNoise), (100, 5, 110, 4, .worse),
        // Nothing changed.
        (100, 0, 100, 0, .withinNoise),
    ])
    func `a change is told by both bounds`(
        old: Double, oldNoise: Double, new: Double, newNoise: Double, verdict: Comparison.Verdict
    ) throws {
        let (old, new) = (try spread(old, oldNoise), try spread(new, newNoise))
        let turned: Comparison.Verdict =
            switch verdict {
            case .better: .worse
            case .worse: .better
            case .withinNoise: .withinNoise
            }
        #expect(Comparison.verdict(old, new, isHigherBetter: false) == verdict)
        #expect(Comparison.verdict(new, old, isHigherBetter: false) == turned)
        #expect(Comparison.verdict(old, new, isHigherBetter: true) == turned)
    }
}
