// Numbers and IPv4 addresses as the C library reads them for ipvsadm: strtol(3) with base 10, which
// passes over white space and takes a sign; atoi(3), which stops at what is no digit; inet_aton(3),
// which takes one to four parts, decimal, octal or hexadecimal. Wire reads only canonical addresses.

import Wire

enum NumberText {
    private static let spaces = Array(" \t\n\u{b}\u{c}\r".utf8)

    /// The whole text as a decimal number within a range; nil for anything else.
    static func number(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        let (value, rest) = leadingNumber(text)
        guard let value, rest.isEmpty, range.contains(value) else { return nil }
        return value
    }

    /// The number at the start of the text; 0 if there is none, as in atoi(3).
    static func leading(_ text: String) -> Int { leadingNumber(text).value ?? 0 }

    private static func leadingNumber(_ text: String) -> (value: Int?, rest: ArraySlice<UInt8>) {
        var rest = Array(text.utf8)[...].drop { spaces.contains($0) }
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let magnitude = digits.isEmpty ? nil : Int(String(decoding: digits, as: UTF8.self))
        return (magnitude.map { isNegative ? -$0 : $0 }, rest.dropFirst(digits.count))
    }

    /// An address as inet_aton(3) reads it: the last part fills all bytes that are left.
    static func address(_ text: some StringProtocol) -> IPv4Address? {
        let text = text.utf8.prefix { !spaces.contains($0) }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...4).contains(parts.count) else { return nil }
        var value: UInt64 = 0
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let bitCount = UInt64(isLast ? 8 * (5 - parts.count) : 8)
            guard let number = component(part), number < 1 << bitCount else { return nil }
            value = value << bitCount | number
        }
        return IPv4Address(rawValue: UInt32(truncatingIfNeeded: value))
    }

    /// A number whose base its first digits tell.
    private static func component(_ part: some Sequence<UInt8>) -> UInt64? {
        var digits = Substring(String(decoding: Array(part), as: UTF8.self))
        var radix = 10
        if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
            digits = digits.dropFirst(2)
            radix = 16
        } else if digits.hasPrefix("0"), digits.utf8.count > 1 {
            digits = digits.dropFirst()
            radix = 8
        }
        return digits.first?.isHexDigit == true ? UInt64(digits, radix: radix) : nil
    }
}
