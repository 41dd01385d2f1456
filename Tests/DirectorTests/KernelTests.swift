// Weft's director against a Linux kernel's IPVS: every recorded scenario, every packet, every listing.
// What was compared and how many differences there were is printed; one difference fails.

import Foundation
import Testing

struct KernelTests {
    /// Goal: someone who runs ipvsadm can trust a replay. Method: replay what was recorded from the
    /// kernel and compare all of it, but for the fields that the kernel draws at random.
    @Test
    func `answers every recorded scenario as the kernel does`() async throws {
        let names = try Scenario.names
        let results = try await withThrowingTaskGroup(of: Scenario.Result.self) { group in
            for name in names { group.addTask { try Scenario.run(name) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for result in results.sorted(by: { $0.name < $1.name }) {
            for difference in result.differences {
                Issue.record("\(result.name).txt, \(difference)")
            }
        }
        let frameCount = results.reduce(0) { $0 + $1.frameCount }
        let answerCount = results.reduce(0) { $0 + $1.answerCount }
        let listCount = results.reduce(0) { $0 + $1.listCount }
        let differenceCount = results.reduce(0) { $0 + $1.differences.count }
        print(
            "Kernel scenarios: \(results.count), frames in: \(frameCount), "
                + "packets out: \(answerCount), listings: \(listCount), "
                + "differences: \(differenceCount)")
        #expect(results.count >= 100)
        #expect(frameCount >= 10_000)
    }

    /// Goal: a comparison that cannot fail is worth nothing. Method: change one bit of one answer, and
    /// one letter of one listing.
    @Test
    func `notices one wrong bit and one wrong letter`() throws {
        let text = try Scenario.text("basic-tcp-nat")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let answer = try #require(lines.firstIndex { $0.hasPrefix("< ") })
        let listed = try #require(lines.firstIndex { $0.contains("-> 10.2.1.1:8080") })
        for index in [answer, listed] {
            var changed = lines
            let last = changed[index].last == "0" ? "1" : "0"
            changed[index] = changed[index].dropLast() + last
            var runner = FixtureRunner()
            try runner.run(KernelFixture(changed.joined(separator: "\n")))
            let count = runner.differences.count
            #expect(count == 1)
        }
    }
}

/// A recorded scenario by the name of its file.
private enum Scenario {
    struct Result: Sendable {
        var name: String
        var frameCount = 0
        var answerCount = 0
        var listCount = 0
        var differences: [FixtureRunner.Difference] = []
    }

    private static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/kernel")

    static var names: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: directory.path)
                .filter { $0.hasSuffix(".txt") }.map { String($0.dropLast(4)) }.sorted()
        }
    }

    static func text(_ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: name + ".txt"), encoding: .utf8)
    }

    static func run(_ name: String) throws -> Result {
        var runner = FixtureRunner()
        try runner.run(KernelFixture(text(name)))
        return Result(
            name: name, frameCount: runner.frameCount, answerCount: runner.answerCount,
            listCount: runner.listCount, differences: runner.differences)
    }
}
