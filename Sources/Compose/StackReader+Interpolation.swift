// Interpolation over a tree: values only, never keys, and not inside foreign `x-` sections.
//
// A file is interpolated before it is merged with others, as in docker, so that what is compared in
// merging is what the variables stand for. Invariants: a value keeps the place it was written at, so
// a later error still points into the file; all results together are bounded, since aliases make
// many values of one.

/// A variable found unset at a place; remarked upon once, however often aliases repeat the place.
struct UnsetVariable: Hashable {
    var place: Place
    var name: String
}

extension StackReader {
    mutating func interpolated(_ root: Tree) -> Tree {
        guard let entries = root.entries else { return root }
        var path: [String] = []
        var kept: [Tree.Entry] = []
        for var entry in entries {
            if !entry.key.hasPrefix("x-") || entry.key == "x-mesh" {
                path.append(entry.key)
                interpolate(&entry.value, &path)
                path.removeLast()
            }
            kept.append(entry)
        }
        var tree = root
        tree.content = .mapping(kept)
        return tree
    }

    /// `path` is joined for a message only: there are as many values as a file may have nodes.
    private mutating func interpolate(_ tree: inout Tree, _ path: inout [String]) {
        switch tree.content {
        case .null: break
        case .scalar(let text, let isPlain):
            guard text.utf8.contains(UInt8(ascii: "$")) else { return }
            tree.content = .scalar(expand(text, tree.place, path), isPlain: isPlain)
        case .sequence(var trees):
            for index in trees.indices {
                path.append("\(index)")
                interpolate(&trees[index], &path)
                path.removeLast()
            }
            tree.content = .sequence(trees)
        case .mapping(var entries):
            for index in entries.indices {
                path.append(entries[index].key)
                interpolate(&entries[index].value, &path)
                path.removeLast()
            }
            tree.content = .mapping(entries)
        }
    }

    private mutating func expand(_ text: String, _ place: Place, _ path: [String]) -> String {
        let byteCountMax = ComposeLimits.interpolatedByteCountMax
        guard interpolatedByteCount <= byteCountMax else { return text }
        var interpolation = Interpolation(text, options.environment)
        do throws(InterpolationError) {
            let result = try interpolation.expand()
            interpolatedByteCount += result.utf8.count
            if interpolatedByteCount > byteCountMax {
                let message = "interpolation grows larger than \(byteCountMax) bytes in all"
                fail(place, path.joined(separator: "."), message)
            }
            warn(ofUnset: interpolation.unset, place, path)
            return result
        } catch {
            // It may have made that much before it failed.
            interpolatedByteCount += ComposeLimits.scalarByteCountMax
            fail(error, text, place, path.joined(separator: "."))
            return text
        }
    }

    private mutating func warn(ofUnset names: [String], _ place: Place, _ path: [String]) {
        for name in names where unsetVariables.count <= ComposeLimits.warningCountMax {
            let variable = UnsetVariable(place: place, name: name)
            guard unsetVariables.insert(variable).inserted else { continue }
            let message = "the variable \(Diagnostic.quoted(name, by: "")) is not set, "
            warn(place, path.joined(separator: "."), message + "an empty string is used")
        }
    }

    private mutating func fail(
        _ error: InterpolationError, _ text: String, _ place: Place, _ path: String
    ) {
        switch error {
        case .invalid:
            let advice = "You may need to escape any $ with another $"
            let quoted = Diagnostic.quoted(text, by: "\"")
            fail(place, path, "invalid interpolation format for \(path): \(quoted). \(advice)")
        case .missing(let name, let message):
            fail(place, path, "required variable \(name) is missing a value: \(message)")
        case .tooLarge: fail(place, path, "interpolation grows too large")
        }
    }
}
