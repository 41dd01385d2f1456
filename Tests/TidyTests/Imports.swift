// Which module may import which: each line of the design's picture only what lies below it, and
// nothing foreign in the three modules that are libraries. `weft` is on top and may import anything.

enum Imports {
    static let allowed: [String: Set<String>] = [
        "Wire": ["CPrefetch"],
        "Dataplane": ["Wire"],
        "Ipvsadm": ["Dataplane", "Wire"],
        "Mesh": ["Dataplane", "Wire"],
        "Capture": ["CPcap", "Glibc"],
        "Traffic": ["Wire"],
        "Compose": ["Dataplane", "Mesh", "Wire", "Yams"],
        "Replay": ["Capture", "Dataplane", "Mesh", "Wire", "Glibc"],
        "Bench": [
            "CAllocationCounter", "CFloor", "CMachine", "Capture", "Dataplane", "Mesh", "Replay",
            "Traffic", "Wire", "Foundation", "Histogram", "Synchronization",
        ],
    ]

    static func findings(in file: SourceFile) -> [(line: Int, problem: String)] {
        guard let module = file.module, module != "weft" else { return [] }
        guard let allowed = allowed[module] else { return [(1, "no import rule for \(module)")] }
        return file.code.enumerated().compactMap { index, line in
            guard let imported = importedModule(of: line), !allowed.contains(imported) else {
                return nil
            }
            return (index + 1, "\(module) may not import \(imported)")
        }
    }

    /// The module that a line imports, whatever stands before the word and whatever part of the
    /// module is named after it; nil for any other line.
    private static func importedModule(of line: [UInt8]) -> String? {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        guard let position = words.firstIndex(of: "import") else { return nil }
        let kinds: Set<Substring> = ["struct", "enum", "class", "protocol", "func", "var", "let"]
        let named = words[(position + 1)...].first { !kinds.contains($0) }
        return named?.split(separator: ".").first.map(String.init)
    }
}
