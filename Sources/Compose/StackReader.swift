// The reader of a stack: walks the tree, builds the specification, notes what it finds wrong.
//
// One file per part of Compose extends it. Errors are gathered rather than thrown one at a time,
// so that a file is corrected in one round. Invariant: every key is used, or reported.

import Mesh

struct StackReader {
    let options: ComposeOptions
    /// What names of services and networks start with.
    var stack: String
    private(set) var errors: [Diagnostic] = []
    private(set) var warnings: [Diagnostic] = []
    /// Keys that docker names in one line, `Ignoring unsupported options: ...`.
    var unsupportedKeys: Set<String> = []
    /// What interpolation has made so far, and which variables it has remarked upon where.
    var interpolatedByteCount = 0
    var unsetVariables: Set<UnsetVariable> = []

    init(options: ComposeOptions) {
        self.options = options
        stack = options.stack ?? Self.name(from: options.fallbackStack)
    }

    /// A file may be called what a stack may not: names start and end with a letter or a digit, and
    /// leave room for `_default` in the 63 characters of a network's name.
    private static func name(from text: String) -> String {
        let isSign = { (character: Character) in "-_".contains(character) }
        var name = text.drop(while: isSign).prefix(63 - "_default".count)
        while name.last.map(isSign) == true { name.removeLast() }
        return name.isEmpty ? "stack" : String(name)
    }

    mutating func fail(_ place: Place, _ path: String, _ message: String) {
        guard errors.count < ComposeLimits.errorCountMax else { return }
        errors.append(Diagnostic(place: place, path: path, message: message))
    }

    mutating func warn(_ place: Place, _ path: String, _ message: String) {
        warn(Diagnostic(place: place, path: path, message: message))
    }

    mutating func warn(_ warning: Diagnostic) {
        let countMax = ComposeLimits.warningCountMax
        if warnings.count < countMax { return warnings.append(warning) }
        guard warnings.count == countMax else { return }
        let message = "more than \(countMax) remarks, this one and the rest are not shown"
        warnings.append(Diagnostic(place: warning.place, path: "", message: message))
    }

    /// Docker's schema error, for a key nobody knows.
    mutating func failUnknown(_ entry: Tree.Entry, _ path: String) {
        fail(entry.place, path, "Additional property \(entry.key) is not allowed")
    }

    /// The entries of a mapping; null is the empty mapping.
    mutating func mapping(_ tree: Tree, _ path: String) -> [Tree.Entry] {
        if let entries = tree.entries { return entries }
        if !tree.isNull { fail(tree.place, path, "must be a mapping") }
        return []
    }

    mutating func list(_ tree: Tree, _ path: String) -> [Tree] {
        if case .sequence(let trees) = tree.content { return trees }
        if !tree.isNull { fail(tree.place, path, "must be a list") }
        return []
    }

    mutating func string(_ tree: Tree, _ path: String) -> String? {
        if case .scalar(let text, _) = tree.content { return text }
        fail(tree.place, path, "must be a string")
        return nil
    }

    mutating func strings(_ tree: Tree, _ path: String) -> [String] {
        list(tree, path).enumerated().compactMap { string($1, "\(path).\($0)") }
    }

    mutating func integer(
        _ tree: Tree, _ path: String, in range: ClosedRange<Int>
    ) -> Int? {
        guard case .scalar(let text, _) = tree.content,
            let value = Decimal.parse(text, max: .max)
        else {
            fail(tree.place, path, "must be a decimal integer\(notText(tree))")
            return nil
        }
        if range.contains(value) { return value }
        let bounds = "between \(range.lowerBound) and \(range.upperBound)"
        fail(tree.place, path, "must be \(bounds), not \(value)")
        return nil
    }

    mutating func flag(_ tree: Tree, _ path: String) -> Bool? {
        if case .scalar(let text, _) = tree.content {
            switch text.lowercased() {
            case "true", "yes", "on": return true
            case "false", "no", "off": return false
            default: break
            }
        }
        fail(tree.place, path, "must be a boolean\(notText(tree))")
        return nil
    }

    /// What was found instead, where that can be said in a word.
    private func notText(_ tree: Tree) -> String {
        if case .scalar(let text, _) = tree.content {
            ", not \(Diagnostic.quoted(text))"
        } else {
            ""
        }
    }

    /// One of the names of an enumeration.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ tree: Tree, _ path: String, as type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let text = string(tree, path) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        fail(tree.place, path, "must be one of \(names), not \(Diagnostic.quoted(text))")
        return nil
    }

    /// Text that `parse` understands; `what` says in the error what was expected.
    mutating func value<Value>(
        _ tree: Tree, _ path: String, _ what: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let text = string(tree, path) else { return nil }
        if let value = parse(text) { return value }
        fail(tree.place, path, "\(Diagnostic.quoted(text)) is not \(what)")
        return nil
    }

    /// Labels as a mapping, or as a list of `key=value`, of which the last with a key holds.
    mutating func labels(_ tree: Tree, _ path: String) -> [Label] {
        if case .sequence(let trees) = tree.content {
            var labels: [Label] = []
            var positions: [String: Int] = [:]
            for (index, tree) in trees.enumerated() {
                guard let text = string(tree, "\(path).\(index)") else { continue }
                let label = Label(assignment: text)
                if let position = positions[label.key] {
                    labels[position] = label
                } else {
                    positions[label.key] = labels.count
                    labels.append(label)
                }
            }
            return labels
        }
        return mapping(tree, path).compactMap { entry in
            if entry.value.isNull { return Label(entry.key, "") }
            return string(entry.value, "\(path).\(entry.key)").map { Label(entry.key, $0) }
        }
    }
}

extension Label {
    /// `key=value`, or a key alone with an empty value.
    init(assignment text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }
}
