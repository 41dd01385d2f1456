// The rules of the house: sizes, import directions, and what may not be called where. Each says
// which files it holds for; what is excused is listed with the reason.

import Testing

@Sendable private func inSources(_ path: String) -> Bool { path.hasPrefix("Sources/") }
@Sendable private func belowTheCommand(_ path: String) -> Bool {
    inSources(path) && !path.hasPrefix("Sources/weft/")
}
@Sendable private func onTheDataPath(_ path: String) -> Bool {
    path.hasPrefix("Sources/Wire/") || path.hasPrefix("Sources/Dataplane/")
}

extension Rule {
    static let all = sizes + imports + traps + chanceAndTime + dataPath

    static let sizes = [
        Rule(
            name: "no file over 500 lines", broken: String(repeating: "\n", count: 501),
            kept: String(repeating: "\n", count: 500)
        ) { file in
            let lineCount = file.text.utf8.count { $0 == UInt8(ascii: "\n") }
            return lineCount > 500 ? [(500, "\(lineCount) lines")] : []
        },
        Rule(
            name: "no function over 70 lines",
            broken: "func f() {" + String(repeating: "\n", count: 70) + "}",
            kept: "func f() {" + String(repeating: "\n", count: 69) + "}"
        ) { file in
            FunctionScan(file).functions.filter { $0.lineCount > 70 }
                .map { ($0.line, "\($0.name) has \($0.lineCount) lines") }
        },
        Rule(
            name: "a file opens with at least two lines of prose",
            broken: "// One.\n\nimport Wire\n",
            kept: "// One,\n// two.\n\nimport Wire\n"
        ) { file in
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
            let opening = lines.prefix { $0.hasPrefix("//") }
            return opening.count < 2 ? [(1, "\(opening.count) lines of opening comment")] : []
        },
    ]

    static let imports = [
        Rule(
            name: "imports point down", broken: "import Mesh", kept: "import Wire",
            samplePath: "Sources/Dataplane/Sample.swift"
        ) { Imports.findings(in: $0) },
        Rule(
            name: "Wire imports nothing foreign", broken: "import struct Foundation.Data",
            kept: "// import",
            samplePath: "Sources/Wire/Sample.swift"
        ) { Imports.findings(in: $0) },
        Rule.ban(
            ["@testable"], in: { _ in true }, broken: "@testable import Wire",
            kept: "import Wire", at: "Tests/WireTests/Sample.swift"),
    ]

    static let traps = [
        Rule.ban(
            ["try!", "as!", "fatalError(", "preconditionFailure("], in: inSources,
            broken: "let a = try! b()", kept: "let entry! = retry // fatalError(\n\"as!\""),
        Rule(
            name: "no force unwrap", holds: inSources, broken: "let a = b(c)!.d",
            kept: "if !a, b != c { }"
        ) { file in
            file.code.enumerated().filter { $1.hasForceUnwrap }.map { ($0.offset + 1, "`!`") }
        },
        Rule(
            name: "no untyped throws", holds: belowTheCommand, broken: "func a() throws -> Int",
            kept: "func a() throws(MeshError) -> Int"
        ) { file in
            file.code.enumerated().filter { $1.hasPhrase("throws") && !$1.hasPhrase("throws(") }
                .map { ($0.offset + 1, "`throws` without a type") }
        },
        // It says nothing of what it could not write; `Output` does.
        Rule.ban(
            ["print("], in: inSources, broken: "print(1)", kept: "blueprint(1)"),
        Rule.ban(
            ["svc", "pkt", "ctx", "cfg"], in: inSources, broken: "let pkt = 1",
            kept: "let packet = 1"),
    ]

    static let chanceAndTime = [
        Rule.ban(
            ["SystemRandomNumberGenerator", ".random(", ".shuffled()", ".randomElement()"],
            in: inSources, broken: "let a = Int.random(in: 0..<3)",
            kept: "let a = random.value(below: 3)"),
        Rule.ban(
            ["clock_gettime", "gettimeofday", "ContinuousClock", "SuspendingClock", "Date("],
            in: belowTheCommand, broken: "let now = ContinuousClock.now",
            kept: "let now = clock()"),
    ]

    static let dataPath = [
        Rule.ban(
            ["unsafe", "@unchecked"],
            in: { path in
                // Where memory is mapped, where the kernel is called, and Wire's one file.
                inSources(path) && !path.hasPrefix("Sources/Capture/")
                    && !path.hasPrefix("Sources/weft/")
            },
            excusing: [
                "Sources/Wire/Bytes.swift",
                // C functions that take pointers.
                "Sources/Bench/FloorPass.swift",
            ], broken: "let a = unsafe b",
            kept: "let isUnsafe = true"),
        Rule.ban(
            ["any"], in: onTheDataPath, broken: "let a: any B", kept: "let many = company"),
        Rule.ban(
            ["class"], in: belowTheCommand,
            excusing: [
                // These hold what cannot be copied, and arrays hold only what can.
                "Sources/Replay/RunningNode.swift", "Sources/Replay/RecordedFile.swift",
                "Sources/Replay/RemapRule.swift", "Sources/Replay/DirectorRemapRule.swift",
                "Sources/Bench/BenchNode.swift", "Sources/Bench/ScenarioDirector.swift",
                "Sources/Bench/ScenarioConnections.swift",
                "Sources/Bench/Turns.swift", "Sources/Bench/ScenarioMesh.swift",
                // Threads share it.
                "Sources/Bench/WorkerGate.swift",
            ], broken: "final class A {}",
            kept: "let classes = 1"),
        Rule.ban(
            ["Dictionary", "Set", "[:]"], in: { $0.hasPrefix("Sources/Dataplane/") },
            broken: "var a: [Int: Int] = [:]", kept: "setSource(), OptionSet",
            at: "Sources/Dataplane/Sample.swift"),
    ]

}

extension [UInt8] {
    /// Whether a value is unwrapped by force: `!` right behind it, and no `=` after.
    var hasForceUnwrap: Bool {
        indices.dropFirst().contains { index in
            guard self[index] == UInt8(ascii: "!") else { return false }
            let before = self[index - 1]
            let isPostfix =
                before.isWordByte || before == UInt8(ascii: ")") || before == UInt8(ascii: "]")
            let isComparison = index + 1 < count && self[index + 1] == UInt8(ascii: "=")
            let word = self[..<index].reversed().prefix { $0.isWordByte }.reversed()
            return isPostfix && !isComparison
                && !["try", "as"].contains(String(decoding: word, as: UTF8.self))
        }
    }
}
