// Decimal numbers with a bounded count of decimals, read without floating point.
//
// Invariant: what is read is exact; text that would need rounding is refused.

/// `text` times ten to the power of `decimals`: "1.1" with three decimals is 1100. Nil unless it is
/// digits, and possibly a point and at most `decimals` digits, and fits 32 bits.
func scaledDecimal(_ text: some StringProtocol, decimals: Int) -> UInt32? {
    let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first else { return nil }
    let fraction = parts.count == 2 ? parts[1] : ""
    guard !whole.isEmpty, parts.count == 1 || !fraction.isEmpty, fraction.utf8.count <= decimals
    else { return nil }
    let padding = String(repeating: "0", count: decimals - fraction.utf8.count)
    let digits = String(whole) + String(fraction) + padding
    guard digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else {
        return nil
    }
    return UInt32(digits)
}
