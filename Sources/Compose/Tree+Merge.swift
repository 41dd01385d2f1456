// Several files as one: each later file lays its words over those before it.
//
// The rules of docker's stack loader: mappings merge key by key, lists are appended (an entry
// written twice counts once), anything else is replaced. Networks may be a list in one file and a
// mapping in another. Invariant: every part keeps the place, file included, it was written at.

extension Tree {
    /// This tree with `other` laid over it; `key` is the key both were found under.
    func merged(with other: Tree, key: String = "") -> Tree {
        switch (content, other.content) {
        case (_, .null): return self
        case (.mapping(let entries), .mapping(let others)):
            return Tree(content: .mapping(Self.merged(entries, others)), place: place)
        case (.sequence(let trees), .sequence(let others)):
            let written = Set(trees.compactMap(\.text))
            let added = others.filter { $0.text.map { !written.contains($0) } ?? true }
            return Tree(content: .sequence(trees + added), place: place)
        case (.sequence, .mapping) where key == "networks":
            return keyed.merged(with: other, key: key)
        case (.mapping, .sequence) where key == "networks":
            return merged(with: other.keyed, key: key)
        default: return other
        }
    }

    private static func merged(_ entries: [Entry], _ others: [Entry]) -> [Entry] {
        var result = entries
        var positions: [String: Int] = [:]
        for (index, entry) in entries.enumerated() { positions[entry.key] = index }
        for other in others {
            if let index = positions[other.key] {
                result[index].value = result[index].value.merged(with: other.value, key: other.key)
            } else {
                result.append(other)
            }
        }
        return result
    }

    private var text: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// A list of names as a mapping from the names to nothing; a name given twice counts once.
    private var keyed: Tree {
        guard case .sequence(let trees) = content else { return self }
        var keys: Set<String> = []
        let entries = trees.compactMap { tree -> Entry? in
            guard let name = tree.text, keys.insert(name).inserted else { return nil }
            return Entry(
                key: name, place: tree.place, value: Tree(content: .null, place: tree.place))
        }
        return Tree(content: .mapping(entries), place: place)
    }
}
