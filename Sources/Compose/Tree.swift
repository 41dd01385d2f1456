// A YAML document reduced to what Compose needs: strings, lists and mappings, each with its place.
//
// Scalars stay the text that was written: YAML 1.1 would make 1342 of `22:22`, true of `yes` and
// 83 of `0123`, and a port list must not be at the mercy of that. Invariants: keys are strings and
// unique in their mapping, in the order written; aliases and merge keys are gone.

struct Tree {
    var content: Content
    var place: Place

    enum Content {
        case null
        case scalar(String, isPlain: Bool)
        case sequence([Tree])
        case mapping([Entry])
    }

    struct Entry {
        var key: String
        var place: Place
        var value: Tree
    }

    var isNull: Bool { if case .null = content { true } else { false } }

    /// The entries of a mapping, nil for anything else.
    var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }

    subscript(key: String) -> Entry? { entries?.first { $0.key == key } }
}
