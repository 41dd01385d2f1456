// Several files as one: each later file lays its words over those before it.
//
// The rules of docker's stack loader: mappings merge key by key, lists are appended (an entry
// written twice counts once), anything else is replaced. Networks of a service and labels may be a
// list in one file and a mapping in another, and merge by name. A network at the top replaces the
// one of its name as a whole. `!reset` takes away what was said so far and `!override` replaces it,
// as the Compose Specification has it. Invariant: every part keeps the place, file included, it was
// written at; no `!reset` is left.

import Mesh

extension Tree {
    /// This stack with that of a later file, `other`, laid over it.
    func merged(withFile other: Tree) -> Tree {
        guard let entries, let others = other.entries else { return other.settled }
        let merged = Self.merged(entries, others) { key, tree, other in
            guard key == "networks", let entries = tree.entries, let others = other.entries else {
                return tree.merged(with: other, key: key)
            }
            let networks = Self.merged(entries, others) { $2.settled }
            return Tree(content: .mapping(networks), place: tree.place)
        }
        return Tree(content: .mapping(merged), place: place)
    }

    /// This tree with `other` laid over it; `key` is the key both were found under.
    private func merged(with other: Tree, key: String) -> Tree {
        switch (content, other.content) {
        case (_, .null): return self
        case (.sequence, .sequence) where key == "labels", (.sequence, .mapping),
            (.mapping, .sequence):
            guard let isNamed = Self.nameOf[key] else { return other.settled }
            // What is no list of names is an error, which is told when the list is read.
            guard let tree = keyed(isNamed) else { return self }
            guard let other = other.keyed(isNamed) else { return other.settled }
            return tree.merged(with: other, key: key)
        case (.mapping(let entries), .mapping(let others)):
            let merged = Self.merged(entries, others) { $1.merged(with: $2, key: $0) }
            return Tree(content: .mapping(merged), place: place)
        case (.sequence(let trees), .sequence):
            let written = Set(trees.compactMap(\.text))
            let added = other.settled.trees.filter { $0.text.map { !written.contains($0) } ?? true }
            return Tree(content: .sequence(trees + added), place: place, isMerged: true)
        default: return other.settled
        }
    }

    /// `combine` is given the key and what both have under it.
    private static func merged(
        _ entries: [Entry], _ others: [Entry], _ combine: (String, Tree, Tree) -> Tree
    ) -> [Entry] {
        var result: [Entry?] = entries
        var positions: [String: Int] = [:]
        for (index, entry) in entries.enumerated() { positions[entry.key] = index }
        for var other in others {
            guard let index = positions[other.key], let entry = result[index] else {
                if other.value.merging == .reset { continue }
                other.value = other.value.settled
                result.append(other)
                continue
            }
            switch other.value.merging {
            case .reset: result[index] = nil
            case .override:
                other.value = other.value.settled
                result[index] = other
            case .usual: result[index]?.value = combine(other.key, entry.value, other.value)
            }
        }
        return result.compactMap { $0 }
    }

    /// This tree without what it takes away, for where there is nothing to be taken from.
    private var settled: Tree {
        var tree = self
        tree.merging = .usual
        switch content {
        case .null, .scalar: break
        case .sequence(let trees):
            tree.content = .sequence(trees.filter { $0.merging != .reset }.map(\.settled))
        case .mapping(let entries):
            tree.content = .mapping(
                entries.filter { $0.value.merging != .reset }.map { entry in
                    Entry(key: entry.key, place: entry.place, value: entry.value.settled)
                })
        }
        return tree
    }

    private var trees: [Tree] { if case .sequence(let trees) = content { trees } else { [] } }

    private var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// How an entry of a list is taken for an entry of a mapping, by the key the list is under.
    private static let nameOf: [String: @Sendable (String) -> (key: String, value: String?)] = [
        "networks": { ($0, nil) },
        "labels": { text in
            let label = Label(assignment: text)
            return (label.key, label.value)
        },
    ]

    /// A list of names as a mapping, in which a name given twice has its last value; nil when it
    /// lists anything else.
    private func keyed(_ name: (String) -> (key: String, value: String?)) -> Tree? {
        guard case .sequence(let trees) = content else { return self }
        var entries: [Entry] = []
        var positions: [String: Int] = [:]
        for tree in trees where tree.merging != .reset {
            guard let (key, text) = tree.text.map(name) else { return nil }
            let value = text.map { Content.scalar($0, isPlain: false) } ?? .null
            let entry = Entry(
                key: key, place: tree.place, value: Tree(content: value, place: tree.place))
            if let position = positions[key] {
                entries[position] = entry
            } else {
                positions[key] = entries.count
                entries.append(entry)
            }
        }
        return Tree(content: .mapping(entries), place: place)
    }
}
