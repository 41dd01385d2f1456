// A YAML document reduced to what Compose needs: strings, lists and mappings, each with its place.
//
// Scalars stay the text that was written: YAML 1.1 would make 1342 of `22:22`, true of `yes` and
// 83 of `0123`, and a port list must not be at the mercy of that. Invariants: keys are strings and
// unique in their mapping, in the order written; aliases and merge keys are gone, and so are the tags
// that steer merging once the file is merged.

struct Tree {
    var content: Content
    var place: Place
    var merging = Merging.usual
    /// Whether this is a list that several files wrote.
    var isMerged = false

    /// How a part of a file is laid over the files before it, by the Compose Specification's tags.
    enum Merging: String {
        case usual = ""
        /// As if neither this file nor those before had said it.
        case reset = "!reset"
        /// In place of what the files before said.
        case override = "!override"
    }

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
