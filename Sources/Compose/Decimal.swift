// Decimal numbers as Compose files write them.
// Invariant: digits only, no sign, no octal, no underscore; what does not fit is nil and never wraps.

enum Decimal {
    /// The value of digits alone: no sign, no leading zero, nothing else, and at most `max`.
    static func parse(_ text: some StringProtocol, max: Int) -> Int? {
        let digits = text.utf8
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.count == 1 || digits.first != 0x30, let value = Int(text), value <= max
        else { return nil }
        return value
    }
}
