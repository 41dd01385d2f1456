// How unequal flows are: the flow of rank k gets packets in proportion to 1 / k^s (Zipf's law).
//
// Invariant: weights are computed in integers alone. The power is 2^(-s log2 k): the logarithm bit by
// bit, by squaring, the exponential as a product of square roots of square roots of one half. A C
// library's `pow` may differ in its last bit from machine to machine, and one bit makes another trace.

public struct ZipfSkew: Hashable, Sendable {
    /// All flows alike.
    public static let flat = ZipfSkew(checked: 0)

    /// The exponent s in thousandths.
    public let thousandths: Int

    /// Nil outside 0...4000.
    public init?(thousandths: Int) {
        guard (0...TrafficLimits.skewThousandthsMax).contains(thousandths) else { return nil }
        self.thousandths = thousandths
    }

    init(checked thousandths: Int) { self.thousandths = thousandths }

    /// The weights of `count` ranks, most popular first: 2^40 / k^s cut to an integer, at least one.
    /// Correct to about one part in a hundred million.
    public func weights(count: Int) -> [UInt64] {
        let roots = Self.roots
        return (1...max(1, count)).map { rank in
            let exponent = UInt64(thousandths) * Self.logarithm(UInt64(rank)) / 1000
            let weight = Self.power(exponent, roots) >> Self.excessBits
            return max(1, weight)
        }
    }

    /// Between the 62 fraction bits of a power and the 40 bits of a weight.
    private static let excessBits: UInt64 = 22
    private static let fractionBits = 32

    /// log2 of a positive number with 32 bits of fraction.
    private static func logarithm(_ value: UInt64) -> UInt64 {
        let whole = UInt64(63 - value.leadingZeroBitCount)
        var result = whole
        // In 1..<2 with 63 bits of fraction; a square is in 1..<4, and 2 or more is a bit.
        var rest = value << (63 - whole)
        for _ in 0..<fractionBits {
            let square = rest.multipliedFullWidth(by: rest)
            let isTwoOrMore = square.high >> 63 == 1
            rest = isTwoOrMore ? square.high : square.high << 1 | square.low >> 63
            result = result << 1 | (isTwoOrMore ? 1 : 0)
        }
        return result
    }

    /// 2^-exponent with 62 bits of fraction; `exponent` has 32.
    private static func power(_ exponent: UInt64, _ roots: [UInt64]) -> UInt64 {
        var product: UInt64 = 1 << 62
        for (index, root) in roots.enumerated()
        where exponent >> UInt64(fractionBits - 1 - index) & 1 == 1 {
            let (high, low) = product.multipliedFullWidth(by: root)
            product = high << 2 | low >> 62
        }
        return product >> (exponent >> UInt64(fractionBits))
    }

    /// One half to the power of 1/2, 1/4, 1/8 and so on, with 62 bits of fraction.
    private static var roots: [UInt64] {
        var roots: [UInt64] = []
        var last: UInt64 = 1 << 61
        for _ in 0..<fractionBits {
            last = squareRoot(UInt128(last) << 62)
            roots.append(last)
        }
        return roots
    }

    /// The integer square root, found bit by bit from the highest; `value` is below 2^126.
    private static func squareRoot(_ value: UInt128) -> UInt64 {
        var root: UInt64 = 0
        for bit in stride(from: UInt64(62), through: 0, by: -1) {
            let candidate = root | 1 << bit
            if UInt128(candidate) * UInt128(candidate) <= value { root = candidate }
        }
        return root
    }
}

extension ZipfSkew: CustomStringConvertible {
    /// A decimal number up to 4 with up to three decimals; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard let thousandths = scaledDecimal(text, decimals: 3) else { return nil }
        self.init(thousandths: Int(thousandths))
    }

    public var description: String {
        let fraction = String(thousandths % 1000 + 1000).dropFirst()
        return "\(thousandths / 1000).\(fraction)"
    }
}
