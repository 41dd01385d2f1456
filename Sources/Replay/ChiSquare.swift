// How even a distribution is: Pearson's chi-square against expected shares, with its p-value, the
// probability of a value at least as large if flows really fell by those shares.
//
// The p-value is the regularized upper incomplete gamma function Q(dof/2, chi2/2): its series below
// a + 1, its continued fraction above (Abramowitz and Stegun, 6.5.29 and 6.5.31).

import Glibc

public struct ChiSquare: Equatable, Sendable {
    public let statistic: Double
    public let degreesOfFreedom: Int
    /// Between 0 and 1; 1 without any degree of freedom.
    public let pValue: Double

    /// Nil when nothing was observed or no share is expected. `weights` are relative; a zero weight
    /// expects nothing and is left out.
    public init?(observed: [UInt64], weights: [Double]) {
        precondition(observed.count == weights.count)
        let total = Double(observed.reduce(0, +))
        let weightTotal = weights.reduce(0, +)
        guard total > 0, weightTotal > 0 else { return nil }
        var statistic = 0.0
        var count = 0
        for (value, weight) in zip(observed, weights) where weight > 0 {
            let expected = total * weight / weightTotal
            statistic += (Double(value) - expected) * (Double(value) - expected) / expected
            count += 1
        }
        self.statistic = statistic
        degreesOfFreedom = count - 1
        pValue = count > 1 ? Self.upperGamma(Double(count - 1) / 2, statistic / 2) : 1
    }

    /// Q(a, x) for a > 0 and x >= 0.
    static func upperGamma(_ a: Double, _ x: Double) -> Double {
        if x <= 0 { return 1 }
        let scale = exp(a * log(x) - x - lgamma(a))
        return x < a + 1 ? 1 - scale * series(a, x) : scale * continuedFraction(a, x)
    }

    private static let termCountMax = 10_000
    private static let precision = 1e-15

    private static func series(_ a: Double, _ x: Double) -> Double {
        var term = 1 / a
        var sum = term
        for index in 1...termCountMax {
            term *= x / (a + Double(index))
            sum += term
            if term < sum * precision { break }
        }
        return sum
    }

    /// Evaluated from the front by Lentz's method.
    private static func continuedFraction(_ a: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var b = x + 1 - a
        var c = 1 / tiny
        var d = 1 / b
        var value = d
        for index in 1...termCountMax {
            let factor = -Double(index) * (Double(index) - a)
            b += 2
            d = factor * d + b
            if abs(d) < tiny { d = tiny }
            c = b + factor / c
            if abs(c) < tiny { c = tiny }
            d = 1 / d
            value *= d * c
            if abs(d * c - 1) < precision { break }
        }
        return value
    }
}
