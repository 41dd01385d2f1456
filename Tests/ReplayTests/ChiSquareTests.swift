// Goal: evenness is told as statistics tells it. Method: scipy's numbers, made with scipy 1.17.1:
//
//     from scipy.stats import chisquare
//     chisquare(observed, [sum(observed) * w / sum(weights) for w in weights])
//
// and, for many categories, chisquare(lcg(count, seed, low, span)) with
//
//     def lcg(count, seed, low, span):
//         x = seed
//         for _ in range(count):
//             x = (x * 6364136223846793005 + 1442695040888963407) % 2**64
//             yield low + (x >> 33) % span

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct ChiSquareTests {
    struct Sample: Sendable {
        var observed: [UInt64]
        var weights: [Double]
        var statistic: Double
        var pValue: Double

        init(_ observed: [UInt64], weights: [Double]? = nil, _ statistic: Double, _ p: Double) {
            self.observed = observed
            self.weights = weights ?? observed.map { _ in 1 }
            self.statistic = statistic
            pValue = p
        }
    }

    private func isClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
        abs(a - b) <= tolerance * max(abs(b), 1e-300)
    }

    @Test(arguments: [
        Sample([10, 10, 10], 0, 1),
        Sample([12, 8], 0.8, 0.37109336952269756),
        Sample([1_000_000, 0], 1_000_000, 0),
        Sample([50, 30, 20], weights: [5, 3, 2], 0, 1),
        Sample([3, 0, 0, 0], 9, 0.02929088653488826),
        Sample(
            [100, 200, 300, 400], weights: [1, 2, 3, 4.5], 3.3333333333333295, 0.34303014613824406),
        Sample([500, 520, 480, 505, 495], 1.7, 0.7907176241051443),
        Sample([0, 0, 1], 2, 0.3678794411714423),
        Sample([7, 1, 1, 1, 1, 1, 1, 1, 1, 1], 20.25, 0.01643071013068243),
        Sample([1_025, 975], 1.25, 0.26355247728296954),
        Sample([100_300, 99_700], 1.8, 0.17971249487899593),
    ])
    func `few categories agree with scipy`(sample: Sample) throws {
        let test = try #require(ChiSquare(observed: sample.observed, weights: sample.weights))
        #expect(abs(test.statistic - sample.statistic) <= 1e-9 * max(1, sample.statistic))
        #expect(test.degreesOfFreedom == sample.observed.count - 1)
        #expect(isClose(test.pValue, sample.pValue, 1e-9), "\(test.pValue)")
    }

    @Test(
        arguments: [
            (1_000, 1, 900, 200, 3369.307391246386, 7.828640426879837e-254),
            (65_536, 2, 900, 200, 218496.44000324307, 0),
            (65_536, 3, 0, 1_000, 10949636.7914497, 0),
            (10_000, 4, 10_000, 347, 9871.786846143452, 0.8155943069722743),
            (50_000, 5, 99_000, 1_095, 49985.327295142386, 0.5164050694928674),
            (65_536, 6, 4_000, 220, 64029.65817620231, 0.9999859545440508),
        ] as [(Int, UInt64, UInt64, UInt64, Double, Double)])
    func `many categories and extreme values agree with scipy`(
        count: Int, seed: UInt64, low: UInt64, span: UInt64, statistic: Double, pValue: Double
    ) throws {
        var state = seed
        let observed = (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return low + (state >> 33) % span
        }
        let test = try #require(
            ChiSquare(observed: observed, weights: observed.map { _ in 1 }))
        #expect(isClose(test.statistic, statistic, 1e-9))
        #expect(isClose(test.pValue, pValue, 1e-6), "\(test.pValue)")
        #expect((0...1).contains(test.pValue))
    }

    @Test func `nothing observed or nothing expected is no test`() {
        #expect(ChiSquare(observed: [], weights: []) == nil)
        #expect(ChiSquare(observed: [0, 0], weights: [1, 1]) == nil)
        #expect(ChiSquare(observed: [3, 4], weights: [0, 0]) == nil)
    }

    @Test func `a category of no weight expects nothing and does not count`() throws {
        let test = try #require(ChiSquare(observed: [12, 0, 8], weights: [1, 0, 1]))
        #expect(test.degreesOfFreedom == 1 && abs(test.statistic - 0.8) < 1e-12)
        #expect(ChiSquare(observed: [5], weights: [1])?.pValue == 1)
    }
}
