// One header of an explanation as one line of text: where it stands, its name, its fields.
//
// Invariant: with a header to compare with, every field that differs is marked, [old => new], and no
// other is.

import Replay

enum HeaderText {
    /// `      14  IPv4         203.0.113.7 -> [192.0.2.12 => 10.0.0.9]  [ttl 64 => 63]`
    static func of(_ line: HeaderLine, mark: String, before: HeaderLine? = nil) -> String {
        let indent = String(repeating: "  ", count: line.depth)
        let head = "  \(mark) \("\(line.offset)".leading(5))  \(indent)\(line.name.padding(10)) "
        return head + fields(line, before: before).joined(separator: "  ")
    }

    private static func fields(_ line: HeaderLine, before: HeaderLine?) -> [String] {
        var parts: [String] = []
        for field in line.fields {
            let value = changed(field, before, isNamed: !isEnd(field))
            if field.name == "destination", !parts.isEmpty {
                parts[parts.count - 1] += " -> " + value
            } else {
                parts.append(value)
            }
        }
        for field in before?.fields ?? [] where line[field.name] == nil {
            parts.append("[\(named(field.name, field.value)) => none]")
        }
        return parts
    }

    private static func isEnd(_ field: HeaderLine.Field) -> Bool {
        field.name == "source" || field.name == "destination"
    }

    private static func changed(
        _ field: HeaderLine.Field, _ before: HeaderLine?, isNamed: Bool
    ) -> String {
        let name = isNamed ? field.name : ""
        guard let before else { return named(name, field.value) }
        let old = before[field.name] ?? "none"
        if old == field.value { return named(name, field.value) }
        return "[\(named(name, old)) => \(field.value)]"
    }

    private static func named(_ name: String, _ value: String) -> String {
        name.isEmpty ? value : value.isEmpty ? name : "\(name) \(value)"
    }
}

extension String {
    /// With spaces behind it, to `count` characters.
    func padding(_ count: Int) -> String {
        self + String(repeating: " ", count: max(0, count - self.count))
    }

    /// With spaces before it, to `count` characters.
    func leading(_ count: Int) -> String {
        String(repeating: " ", count: max(0, count - self.count)) + self
    }
}

extension FixedWidthInteger {
    /// All its hexadecimal digits.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
    }
}
