// A look at the keys of a text that has aliases, before the aliases are followed.
//
// Yams hashes the keys of every mapping while it parses, to find duplicates. The hash of a key that
// is a list of aliases of lists of aliases takes exponential time, and no limit can be put on it
// from outside. So such a text is parsed first with every `*` replaced by a character it does not
// use: an alias becomes a plain scalar in the same place, the parser itself says what is a key, and
// nothing is expanded. The one thing lost: a plain scalar, unlike an alias, may not be followed by a
// line that starts with a tab. Invariants: what passes has scalars for keys, and those that are
// aliases come to no more bytes than a file may have; linear in the text.

import Yams

struct KeyScan {
    /// What stands for `*`.
    private let placeholder: Unicode.Scalar
    private let text: String
    /// The longest scalar each anchor stands for; nil for one that stands for a list or a mapping.
    private var anchors: [String: Int?] = [:]
    private var aliasKeyByteCount = 0

    /// What is wrong with the keys, and where.
    enum Problem: Error {
        case yaml(YamlError)
        case unreadable
        case place(Mark?, String)
    }

    static func check(_ text: String) throws(Problem) {
        let starCount = text.utf8.count { $0 == UInt8(ascii: "*") }
        if starCount <= ComposeLimits.aliasCountHarmless { return }
        guard var scan = KeyScan(text) else {
            throw .place(nil, "aliases together with every character for private use")
        }
        try scan.check()
    }

    /// Nil when there is no character left that the text does not use.
    private init?(_ text: String) {
        let privateUse: ClosedRange<UInt32> = 0xe000...0xf8ff
        let used = Set(text.unicodeScalars.lazy.map(\.value).filter(privateUse.contains))
        let free = privateUse.first { !used.contains($0) }.flatMap(Unicode.Scalar.init)
        guard let free else { return nil }
        placeholder = free
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(scalar == "*" ? free : scalar) }
        self.text = String(scalars)
    }

    private mutating func check() throws(Problem) {
        let (parser, root) = try parsed()
        // Yams' nodes hold their anchors weakly: they live as long as the parser.
        defer { withExtendedLifetime(parser) {} }
        guard let root else { return }
        try noteAnchors(root, depth: 0)
        try checkKeys(root)
    }

    private func parsed() throws(Problem) -> (Parser, Node?) {
        do {
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            return (parser, try parser.singleRoot())
        } catch let error as YamlError {
            throw .yaml(original(error))
        } catch {
            throw .unreadable
        }
    }

    /// The error in the words of the text as it was written.
    private func original(_ error: YamlError) -> YamlError {
        guard case .duplicatedKeysInMapping(let keys, let context) = error else { return error }
        let names = keys.map { key in
            var name = String.UnicodeScalarView()
            for scalar in key.unicodeScalars { name.append(scalar == placeholder ? "*" : scalar) }
            return String(name)
        }
        return .duplicatedKeysInMapping(duplicates: names, context: context)
    }

    private mutating func noteAnchors(_ node: Node, depth: Int) throws(Problem) {
        guard depth < ComposeLimits.depthMax else {
            throw .place(node.mark, "nested more than \(ComposeLimits.depthMax) deep")
        }
        let name = node.anchor?.rawValue
        switch node {
        case .scalar(let scalar):
            guard let name else { return }
            let known = anchors[name] ?? 0
            anchors.updateValue(known.map { max($0, scalar.string.utf8.count) }, forKey: name)
        case .sequence(let sequence):
            if let name { anchors.updateValue(nil, forKey: name) }
            for child in sequence { try noteAnchors(child, depth: depth + 1) }
        case .mapping(let mapping):
            if let name { anchors.updateValue(nil, forKey: name) }
            for (key, value) in mapping {
                try noteAnchors(key, depth: depth + 1)
                try noteAnchors(value, depth: depth + 1)
            }
        case .alias: break
        }
    }

    private mutating func checkKeys(_ node: Node) throws(Problem) {
        switch node {
        case .scalar, .alias: return
        case .sequence(let sequence): for child in sequence { try checkKeys(child) }
        case .mapping(let mapping):
            for (key, value) in mapping {
                try checkKey(key)
                try checkKeys(value)
            }
        }
    }

    private mutating func checkKey(_ key: Node) throws(Problem) {
        guard case .scalar(let scalar) = key else {
            throw .place(key.mark, "a key must be a string")
        }
        let scalars = scalar.string.unicodeScalars
        guard scalar.style == .plain, scalars.first == placeholder else { return }
        // The characters libyaml takes for a name.
        let name = scalars.dropFirst().prefix { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic
                    || "0123456789-_".unicodeScalars.contains(scalar))
        }
        guard let byteCount = anchors[String(name)] ?? 0 else {
            throw .place(key.mark, "a key must be a string")
        }
        aliasKeyByteCount += byteCount
        guard aliasKeyByteCount <= ComposeLimits.byteCountMax else {
            throw .place(key.mark, "keys by alias of more than \(ComposeLimits.byteCountMax) bytes")
        }
    }
}
