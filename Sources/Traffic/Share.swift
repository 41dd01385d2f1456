// A part of a whole, such as the share of IPv6 flows, in parts per million.
//
// Invariant: between nothing and everything. A chance is drawn in integers, so that it falls the
// same way on every machine.

public struct Share: Hashable, Comparable, Sendable {
    public static let whole = Share(checked: 1_000_000)
    public static let none = Share(checked: 0)

    /// 0...1 000 000.
    public let partsPerMillion: UInt32

    /// Nil when it is more than the whole.
    public init?(partsPerMillion: UInt32) {
        guard partsPerMillion <= 1_000_000 else { return nil }
        self.partsPerMillion = partsPerMillion
    }

    /// A whole number of hundredths, brought into 0...100.
    public init(percent: Int) {
        self.init(checked: UInt32(min(max(0, percent), 100)) * 10_000)
    }

    public static func < (a: Self, b: Self) -> Bool { a.partsPerMillion < b.partsPerMillion }

    private init(checked partsPerMillion: UInt32) { self.partsPerMillion = partsPerMillion }
}

extension Share: CustomStringConvertible {
    /// A percentage with up to four decimals ("0.5%"), or a ratio ("1/200"); nil for anything else.
    public init?(_ text: some StringProtocol) {
        if text.last == "%" {
            guard let parts = scaledDecimal(text.dropLast(), decimals: 4) else { return nil }
            self.init(partsPerMillion: parts)
            return
        }
        let terms = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard terms.count == 2, let part = scaledDecimal(terms[0], decimals: 0),
            let whole = scaledDecimal(terms[1], decimals: 0), whole > 0, part <= whole
        else { return nil }
        self.init(partsPerMillion: UInt32(UInt64(part) * 1_000_000 / UInt64(whole)))
    }

    /// A percentage that reads back as the same share.
    public var description: String { Self.percentage(Int(partsPerMillion)) }

    /// The same for a sum, which may be more than the whole.
    static func percentage(_ partsPerMillion: Int) -> String {
        let whole = partsPerMillion / 10_000
        var fraction = partsPerMillion % 10_000
        guard fraction > 0 else { return "\(whole)%" }
        var decimals = 4
        while fraction % 10 == 0 {
            fraction /= 10
            decimals -= 1
        }
        let digits = String(fraction)
        return "\(whole).\(String(repeating: "0", count: decimals - digits.utf8.count))\(digits)%"
    }
}
