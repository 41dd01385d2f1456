// YAML text to `Tree`, through Yams.
//
// Yams is asked for its representation graph only, never for typed values. Of tags, the two by which
// the Compose Specification steers merging are kept, YAML's own are taken as said, and any other is
// remarked upon. Invariants: the work is bounded whatever the text (size, depth, nodes and bytes
// after alias expansion); every YAML error carries the parser's line and column.

import Yams

struct DocumentReader {
    private let file: String
    private var nodeCount = 0
    private var byteCount = 0
    private var tagPlaces: Set<Place> = []
    private var warnings: [Diagnostic] = []

    /// The document's tree, with what is to be remarked. An empty document is null.
    static func read(
        _ text: String, file: String
    ) throws(ComposeError) -> (tree: Tree, warnings: [Diagnostic]) {
        var reader = DocumentReader(file: file)
        guard text.utf8.count <= ComposeLimits.byteCountMax else {
            throw reader.error(nil, "larger than \(ComposeLimits.byteCountMax) bytes")
        }
        try reader.checkKeys(text)
        guard let root = try reader.compose(text) else {
            return (Tree(content: .null, place: reader.place(nil)), [])
        }
        let tree = try reader.tree(root, depth: 0)
        return (tree, reader.warnings)
    }

    private init(file: String) { self.file = file }

    private func checkKeys(_ text: String) throws(ComposeError) {
        do throws(KeyScan.Problem) {
            try KeyScan.check(text)
        } catch {
            switch error {
            case .yaml(let error): throw located(error)
            case .unreadable: throw self.error(nil, "not readable as YAML")
            case .place(let mark, let message): throw self.error(mark, message)
            }
        }
    }

    /// No resolver rules: nothing is to be recognised as a number or a date.
    private func compose(_ text: String) throws(ComposeError) -> Node? {
        do {
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            return try parser.singleRoot()
        } catch let error as YamlError {
            throw located(error)
        } catch {
            throw self.error(nil, "not readable as YAML")
        }
    }

    private mutating func tree(_ node: Node, depth: Int) throws(ComposeError) -> Tree {
        nodeCount += 1
        guard nodeCount <= ComposeLimits.treeNodeCountMax else {
            throw error(node.mark, "more than \(ComposeLimits.treeNodeCountMax) nodes")
        }
        guard depth < ComposeLimits.depthMax else {
            throw error(node.mark, "nested more than \(ComposeLimits.depthMax) deep")
        }
        switch node {
        case .scalar(let scalar):
            try count(scalar)
            let merging = merging(scalar.tag, scalar.mark)
            return Tree(
                content: content(of: scalar), place: place(scalar.mark), merging: merging)
        case .sequence(let sequence):
            let merging = merging(sequence.tag, sequence.mark)
            var trees: [Tree] = []
            for child in sequence { trees.append(try tree(child, depth: depth + 1)) }
            return Tree(content: .sequence(trees), place: place(sequence.mark), merging: merging)
        case .mapping(let mapping):
            let merging = merging(mapping.tag, mapping.mark)
            var tree = try tree(mapping, depth: depth)
            tree.merging = merging
            return tree
        case .alias(let alias):
            throw error(alias.mark, "unresolved alias")
        }
    }

    private mutating func count(_ scalar: Node.Scalar) throws(ComposeError) {
        byteCount += scalar.string.utf8.count
        guard byteCount <= ComposeLimits.treeByteCountMax else {
            throw error(
                scalar.mark,
                "more than \(ComposeLimits.treeByteCountMax) bytes with aliases expanded")
        }
    }

    private mutating func merging(_ tag: Tag, _ mark: Mark?) -> Tree.Merging {
        let name = tag.description
        // Untagged, or one of YAML's own.
        if name.isEmpty || name == "!" || name.hasPrefix("tag:yaml.org,2002:") { return .usual }
        if let merging = Tree.Merging(rawValue: name) { return merging }
        let place = place(mark)
        if tagPlaces.count < ComposeLimits.warningCountMax, tagPlaces.insert(place).inserted {
            let message = "unknown tag \(Diagnostic.quoted(name)), ignored"
            warnings.append(Diagnostic(place: place, path: "", message: message))
        }
        return .usual
    }

    private func content(of scalar: Node.Scalar) -> Tree.Content {
        let isPlain = scalar.style == .plain || scalar.style == .any
        let nulls = ["", "~", "null", "Null", "NULL"]
        if isPlain, nulls.contains(scalar.string) { return .null }
        return .scalar(scalar.string, isPlain: isPlain)
    }

    /// A mapping with its merge keys (`<<`) replaced by what they stand for: keys written in the
    /// mapping win, then those of the first merged mapping, then of the next.
    private mutating func tree(
        _ mapping: Node.Mapping, depth: Int
    ) throws(ComposeError) -> Tree {
        var entries: [Tree.Entry] = []
        var merged: [Tree.Entry] = []
        var keys: Set<String> = []
        for (key, value) in mapping {
            guard case .scalar(let name) = key else {
                throw error(key.mark ?? mapping.mark, "a key must be a string")
            }
            try count(name)
            guard name.string.utf8.count <= ComposeLimits.keyByteCountMax else {
                throw error(
                    name.mark, "a key of more than \(ComposeLimits.keyByteCountMax) bytes")
            }
            let child = try tree(value, depth: depth + 1)
            if name.string == "<<", name.style == .plain {
                merged += try mergedEntries(child)
                continue
            }
            guard keys.insert(name.string).inserted else {
                throw error(name.mark, "duplicate key \"\(name.string)\"")
            }
            entries.append(Tree.Entry(key: name.string, place: place(name.mark), value: child))
        }
        for entry in merged where keys.insert(entry.key).inserted { entries.append(entry) }
        return Tree(content: .mapping(entries), place: place(mapping.mark))
    }

    private func mergedEntries(_ tree: Tree) throws(ComposeError) -> [Tree.Entry] {
        switch tree.content {
        case .mapping(let entries): return entries
        case .sequence(let trees):
            var entries: [Tree.Entry] = []
            for tree in trees { entries += try mergedEntries(tree) }
            return entries
        default:
            let message = "a merge key needs a mapping or a list of mappings"
            throw ComposeError(Diagnostic(place: tree.place, path: "<<", message: message))
        }
    }

    private func place(_ mark: Mark?) -> Place {
        Place(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
    }

    private func error(_ mark: Mark?, _ message: String) -> ComposeError {
        ComposeError(Diagnostic(place: place(mark), path: "", message: message))
    }

    private func located(_ error: YamlError) -> ComposeError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return self.error(mark, "yaml: \(problem)")
        case .reader(let problem, let offset, _, let text):
            let before = text.prefix(offset ?? 0)
            let line = before.reduce(1) { $0 + ($1.isNewline ? 1 : 0) }
            let column = before.reversed().prefix { !$0.isNewline }.count + 1
            let place = Place(file: file, line: line, column: column)
            return ComposeError(Diagnostic(place: place, path: "", message: "yaml: \(problem)"))
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "\"\($0)\"" }.joined(separator: ", ")
            return self.error(context.mark, "duplicate key \(names)")
        default:
            return self.error(nil, "not readable as YAML")
        }
    }
}
