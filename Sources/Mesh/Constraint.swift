// A placement constraint: `node.labels.zone == east`, as swarmkit reads it.
//
// Keys are node.id, node.hostname, node.ip, node.role, node.platform.os, node.platform.arch,
// node.labels.* and engine.labels.*. Values compare without regard to case; a label that is not
// there is the empty string. A key nobody knows never matches, whichever the operator: that is
// swarmkit's rule, kept. Nodes have no platform here: every one is linux on x86_64.

import Wire

public struct Constraint: Hashable, Sendable {
    public var key: String
    public var isEqual: Bool
    public var value: String

    public init(key: String, isEqual: Bool, value: String) {
        self.key = key
        self.isEqual = isEqual
        self.value = value
    }

    /// Reads `key == value` or `key != value`.
    public init(parsing text: String) throws(ConstraintError) {
        guard let (key, isEqual, value) = Self.split(text) else { throw .noOperator(text) }
        guard Self.isKey(key) else { throw .invalidKey(key) }
        guard !value.isEmpty, value.unicodeScalars.allSatisfy(\.isASCII) else {
            throw .invalidValue(value)
        }
        self.init(key: key, isEqual: isEqual, value: value)
    }

    public func matches(_ node: Node) -> Bool {
        let name = key.lowercased()
        switch name {
        case "node.id": return compare(node.identifier)
        case "node.hostname": return compare(node.name)
        case "node.ip": return matchesAddress(of: node)
        case "node.role": return compare(node.role.rawValue)
        case "node.platform.os": return compare("linux")
        case "node.platform.arch": return compare("x86_64")
        default: break
        }
        if name.hasPrefix("node.labels."), name.count > 12 {
            let label = key.dropFirst(12)
            return compare(node.labels.last { $0.key == label }?.value ?? "")
        }
        return name.hasPrefix("engine.labels.") && name.count > 14 && compare("")
    }

    private func compare(_ actual: String) -> Bool {
        (actual.lowercased() == value.lowercased()) == isEqual
    }

    /// The value is an address or a prefix; anything else never matches.
    private func matchesAddress(of node: Node) -> Bool {
        let addresses = [node.vtep] + node.addresses
        if let address = IPAddress(value) {
            return addresses.contains(address) == isEqual
        }
        if let prefix = IPv4Prefix(value) {
            return addresses.contains {
                if case .v4(let a) = $0 { prefix.contains(a) } else { false }
            }
                == isEqual
        }
        guard let prefix = IPv6Prefix(value) else { return false }
        return addresses.contains { if case .v6(let a) = $0 { prefix.contains(a) } else { false } }
            == isEqual
    }

    /// Splits at the first `==` or `!=`.
    private static func split(_ text: String) -> (String, Bool, String)? {
        let bytes = Array(text.utf8)
        for index in bytes.indices.dropLast() where bytes[index + 1] == UInt8(ascii: "=") {
            guard bytes[index] == UInt8(ascii: "=") || bytes[index] == UInt8(ascii: "!") else {
                continue
            }
            let key = String(decoding: bytes[..<index], as: UTF8.self)
            let value = String(decoding: bytes[(index + 2)...], as: UTF8.self)
            return (trimmed(key), bytes[index] == UInt8(ascii: "="), trimmed(value))
        }
        return nil
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    /// Two characters or more, letters, digits, `-`, `_` and `.`, not starting with a digit.
    private static func isKey(_ key: String) -> Bool {
        guard let first = key.unicodeScalars.first, key.unicodeScalars.count >= 2 else {
            return false
        }
        return (isLetter(first) || first == "_")
            && key.unicodeScalars.allSatisfy {
                isLetter($0) || ("0"..."9").contains($0) || $0 == "-" || $0 == "_" || $0 == "."
            }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
}

extension Constraint: CustomStringConvertible {
    public var description: String { "\(key) \(isEqual ? "==" : "!=") \(value)" }
}

/// What is wrong with the text of a constraint, in swarmkit's words.
public enum ConstraintError: Error, Hashable, Sendable, CustomStringConvertible {
    case noOperator(String)
    case invalidKey(String)
    case invalidValue(String)

    public var description: String {
        switch self {
        case .noOperator(let text): "constraint expected one operator from ==, !=: '\(text)'"
        case .invalidKey(let key): "key '\(key)' is invalid"
        case .invalidValue(let value): "value '\(value)' is invalid"
        }
    }
}
