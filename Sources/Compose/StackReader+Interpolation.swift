// Interpolation over a tree: values only, never keys, and not inside foreign `x-` sections.
// Invariant: a value keeps the place it was written at, so a later error still points into the file.

extension StackReader {
    mutating func interpolated(_ root: Tree) -> Tree {
        guard let entries = root.entries else { return root }
        let kept = entries.map { entry in
            if entry.key.hasPrefix("x-"), entry.key != "x-mesh" { return entry }
            var entry = entry
            entry.value = interpolated(entry.value, entry.key)
            return entry
        }
        return Tree(content: .mapping(kept), place: root.place)
    }

    private mutating func interpolated(_ tree: Tree, _ path: String) -> Tree {
        switch tree.content {
        case .null: return tree
        case .scalar(let text, let isPlain):
            guard text.utf8.contains(UInt8(ascii: "$")) else { return tree }
            let result = expand(text, tree.place, path)
            return Tree(content: .scalar(result, isPlain: isPlain), place: tree.place)
        case .sequence(let trees):
            let children = trees.enumerated().map { interpolated($1, "\(path).\($0)") }
            return Tree(content: .sequence(children), place: tree.place)
        case .mapping(let entries):
            let children = entries.map { entry in
                var entry = entry
                entry.value = interpolated(entry.value, "\(path).\(entry.key)")
                return entry
            }
            return Tree(content: .mapping(children), place: tree.place)
        }
    }

    private mutating func expand(_ text: String, _ place: Place, _ path: String) -> String {
        var interpolation = Interpolation(text, options.environment)
        do throws(InterpolationError) {
            let result = try interpolation.expand()
            for name in interpolation.unset {
                warn(place, path, "the variable \(name) is not set, an empty string is used")
            }
            return result
        } catch {
            switch error {
            case .invalid:
                let advice = "You may need to escape any $ with another $"
                fail(
                    place, path,
                    "invalid interpolation format for \(path): \"\(text)\". \(advice)")
            case .missing(let name, let message):
                fail(place, path, "required variable \(name) is missing a value: \(message)")
            case .tooLarge: fail(place, path, "interpolation grows too large")
            }
            return text
        }
    }
}
