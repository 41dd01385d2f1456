// A rule over one file, as a pure function, with a sample that breaks it and one that does not: a
// check that cannot fail is found out by its own sample.

import Testing

struct Rule: CustomTestStringConvertible, Sendable {
    var name: String
    /// Which files it holds for, by path.
    var holds: @Sendable (String) -> Bool = { _ in true }
    /// Files excused, each with its reason beside it.
    var excused: [String] = []
    var broken: String
    var kept: String
    /// Where the samples pretend to lie.
    var samplePath = "Sources/Wire/Sample.swift"
    /// The lines at which a file breaks the rule, and how.
    var check: @Sendable (SourceFile) -> [(line: Int, problem: String)]

    var testDescription: String { name }

    func findings(in file: SourceFile) -> [Finding] {
        guard holds(file.path), !excused.contains(file.path) else { return [] }
        return check(file).map { Finding(path: file.path, line: $0.line, problem: $0.problem) }
    }
}

extension Rule {
    /// A rule against words of code. A phrase that starts or ends with a letter is a whole word there.
    static func ban(
        _ phrases: [String], in holds: @escaping @Sendable (String) -> Bool,
        excusing excused: [String] = [],
        broken: String, kept: String, at samplePath: String = "Sources/Wire/Sample.swift"
    ) -> Rule {
        Rule(
            name: "no \(phrases.joined(separator: ", "))", holds: holds, excused: excused,
            broken: broken, kept: kept, samplePath: samplePath
        ) { file in
            file.code.enumerated().flatMap { index, line in
                phrases.filter { line.hasPhrase($0) }.map { (index + 1, "`\($0)`") }
            }
        }
    }
}

extension [UInt8] {
    /// Whether `phrase` stands here, not as a part of a longer word.
    func hasPhrase(_ phrase: String) -> Bool {
        let phrase = Array(phrase.utf8)
        guard let first = phrase.first, let last = phrase.last, count >= phrase.count else {
            return false
        }
        return (0...count - phrase.count).contains { start in
            let end = start + phrase.count
            return self[start] == first && self[start..<end] == phrase[...]
                && !(first.isWordByte && start > 0 && self[start - 1].isWordByte)
                && !(last.isWordByte && end < count && self[end].isWordByte)
        }
    }
}
