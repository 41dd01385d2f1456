// Chance and popularity: the generator of random numbers against numbers from another program, the
// weights against the C library's floating point, the packets of flows against Zipf's law.

import Foundation
import Testing
import Traffic

@Suite struct PopularityTests {
    /// From a Python version that also gives the published first numbers of state 1, 2, 3, 4.
    @Test(
        arguments: [
            (0, [0x99ec_5f36_cb75_f2b4, 0xbf6e_1f78_4956_452a, 0x1a5f_849d_4933_e6e0]),
            (1, [0xb3f2_af6d_0fc7_10c5, 0x853b_5596_4736_4cea, 0x92f8_9756_082a_4514]),
            (42, [0x1578_0b2e_0c2e_c716, 0x6104_d986_6d11_3a7e, 0xae17_5332_39e4_99a1]),
        ] as [(UInt64, [UInt64])])
    func randomNumbersAreThoseOfXoshiro(seed: UInt64, numbers: [UInt64]) {
        var random = RandomSource(seed: seed)
        #expect(numbers.map { _ in random.next() } == numbers)
    }

    @Test(arguments: [0, 1, 500, 999, 1000, 1100, 2000, 4000])
    func weightsAreThePowerThatFloatingPointGives(thousandths: Int) throws {
        let skew = try #require(ZipfSkew(thousandths: thousandths))
        for (index, weight) in skew.weights(count: 20_000).enumerated() {
            let exact = pow(2, 40) * pow(Double(index + 1), -Double(thousandths) / 1000)
            #expect(abs(Double(weight) - max(1, exact)) <= 1 + exact * 1e-8)
        }
    }

    @Test func packetsPerFlowFollowZipfsLaw() throws {
        var specification = TrafficSpecification.fixture(packets: 50_000, flows: 500)
        specification.skew = try #require(ZipfSkew(thousandths: 1200))
        var counts = [Int](repeating: 0, count: 500)
        for made in try specification.frames() { counts[made.frame.flow] += 1 }
        let weights = (1...500).map { pow(Double($0), -1.2) }
        let total = weights.reduce(0, +)
        for (count, weight) in zip(counts, weights) {
            #expect(abs(Double(count) - 50_000 * weight / total) <= 1)
        }
    }

    @Test func aFlatTraceSharesPacketsEqually() throws {
        var specification = TrafficSpecification.fixture(packets: 4000, flows: 400)
        specification.skew = .flat
        var counts = [Int](repeating: 0, count: 400)
        for made in try specification.frames() { counts[made.frame.flow] += 1 }
        #expect(counts.allSatisfy { $0 == 10 })
    }

    @Test func aShortTraceStillShowsEveryFlow() throws {
        let frames = try TrafficSpecification.fixture(packets: 1000, flows: 999).frames()
        #expect(frames.count == 1000)
        #expect(Set(frames.map(\.frame.flow)).count == 999)
    }
}
