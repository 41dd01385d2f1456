// What is said of a figure that was measured several times: the median, and how far the trials lie
// apart. Quartiles are interpolated between neighbours (Hyndman and Fan, type 7), as R and numpy do.
// Invariant: min <= firstQuartile <= median <= thirdQuartile <= max.

public struct Spread: Codable, Equatable, Sendable {
    public var median: Double
    public var min: Double
    public var firstQuartile: Double
    public var thirdQuartile: Double
    public var max: Double
    public var trials: Int

    /// Nil of no values.
    public init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        median = Self.quantile(0.5, of: sorted)
        min = sorted[0]
        firstQuartile = Self.quantile(0.25, of: sorted)
        thirdQuartile = Self.quantile(0.75, of: sorted)
        max = sorted[sorted.count - 1]
        trials = sorted.count
    }

    /// Half of what lies between the quartiles: the width of the noise, to either side.
    public var halfWidth: Double { (thirdQuartile - firstQuartile) / 2 }

    private static func quantile(_ part: Double, of sorted: [Double]) -> Double {
        let position = part * Double(sorted.count - 1)
        let low = Int(position)
        let high = Swift.min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (position - Double(low))
    }
}
