// A recorded transcript: commands, what they were given, and what the real ipvsadm printed and how it
// ended. Oracle/record writes them; its opening comment says how they are read.

import Foundation
import Testing

struct Transcript: CustomTestStringConvertible {
    struct Step {
        var line = 0
        var words: [String] = []
        var input = ""
        var output = ""
        var message = ""
        var exitCode: Int32 = 0
    }

    var name: String
    var steps: [Step] = []

    var testDescription: String { name }

    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures")

    static let all: [Transcript] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.path())) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted().map(Transcript.init)
    }()

    static func text(_ name: String) -> String {
        (try? String(contentsOf: fixtures.appending(path: name), encoding: .utf8)) ?? ""
    }

    init(name: String) {
        self.name = name
        let lines = Self.text(name).split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.first == "$" {
                steps.append(
                    Step(line: index + 1, words: Self.words(of: String(line.dropFirst()))))
            }
            guard let last = steps.indices.last else { continue }
            let text = line.dropFirst(2) + "\n"
            switch line.prefix(2) {
            case "<", "< ": steps[last].input += text
            case "|", "| ": steps[last].output += text
            case "!", "! ": steps[last].message += text
            case "ex": steps[last].exitCode = Int32(line.dropFirst(5)) ?? -1
            default: break
            }
        }
    }

    /// Words with single quotes, as the recorder's shell splits them.
    private static func words(of text: String) -> [String] {
        var words: [String] = []
        for (index, part) in text.split(separator: "'", omittingEmptySubsequences: false)
            .enumerated()
        {
            if index % 2 == 1 {
                words.append(String(part))
            } else {
                words += part.split(whereSeparator: \.isWhitespace).map(String.init)
            }
        }
        return words
    }
}
