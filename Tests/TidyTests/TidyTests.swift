// Goal: the tree keeps the limits and directions that ARCHITECTURE promises. Method: every rule over
// every Swift file of Sources and Tests; and every rule over its own two samples, one of which it
// must find fault with.

import Testing

@Suite struct TidyTests {
    @Test(arguments: Rule.all)
    func `every file keeps the rule`(rule: Rule) {
        let findings = SourceTree.swiftFiles.flatMap { rule.findings(in: $0) }
        guard !findings.isEmpty else { return }
        Issue.record("\(findings.map(\.description).joined(separator: "\n"))")
    }

    @Test(arguments: Rule.all)
    func `a rule finds what breaks it and lets pass what does not`(rule: Rule) {
        let broken = SourceFile(path: rule.samplePath, text: rule.broken)
        #expect(!rule.findings(in: broken).isEmpty)
        let kept = SourceFile(path: rule.samplePath, text: rule.kept)
        #expect(rule.findings(in: kept).isEmpty)
    }

    @Test func `the tree that is looked at is the whole one`() {
        let modules = Set(SourceTree.swiftFiles.compactMap(\.module))
        #expect(modules.isSuperset(of: Imports.allowed.keys))
        #expect(SourceTree.swiftFiles.contains { $0.path == "Tests/TidyTests/TidyTests.swift" })
    }

    @Test func `nothing turns the checks of the language off`() throws {
        for path in ["Package.swift", "Makefile", ".ci/run"] {
            let text = try SourceTree.text(path)
            for flag in ["-Ounchecked", "unsafeFlags", "-enforce-exclusivity"] {
                #expect(!text.contains(flag), "\(path) says \(flag)")
            }
        }
    }

    @Test func `every Swift target keeps the same rules`() throws {
        let package = try SourceTree.text("Package.swift")
        // C targets, by custom named `C` and a capital, have no Swift to set.
        let targetCount = package.matches(
            of: /\.(?:target|executableTarget|testTarget)\(\s*name: "(?!C[A-Z])/
        ).count
        #expect(targetCount > 0)
        #expect(package.ranges(of: "swiftSettings: rules").count == targetCount)
        for rule in [".strictMemorySafety()", ".treatAllWarnings(as: .error)", ".v6"] {
            #expect(package.contains(rule))
        }
    }
}
