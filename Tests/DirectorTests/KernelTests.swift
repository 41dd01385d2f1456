// Weft's director against a Linux kernel's IPVS: every recorded scenario, every packet, every listing.

import Foundation
import Testing

struct KernelTests {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/kernel")

    static let names: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
        return (files ?? []).filter { $0.hasSuffix(".txt") }
            .map { String($0.dropLast(4)) }.sorted()
    }()

    /// Goal: someone who runs ipvsadm can trust a replay. Method: replay what was recorded from the
    /// kernel and compare all of it, the fields apart that the kernel draws at random.
    @Test(arguments: names)
    func `answers as the kernel does`(name: String) throws {
        let url = Self.directory.appending(path: name + ".txt")
        let fixture = try KernelFixture(String(contentsOf: url, encoding: .utf8))
        var runner = FixtureRunner()
        try runner.run(fixture)
        let differences = runner.differences
        #expect(
            differences.isEmpty,
            "\(fixture.title): \(differences.count) differences, first \(differences.first!)")
    }

    /// Goal: the comparison is worth something. Method: count what the fixtures hold.
    @Test
    func `compares more than ten thousand frames in more than a hundred scenarios`() throws {
        var frameCount = 0
        for name in Self.names {
            let url = Self.directory.appending(path: name + ".txt")
            let text = try String(contentsOf: url, encoding: .utf8)
            frameCount += text.split(separator: "\n").count { $0.hasPrefix("> ") }
        }
        #expect(Self.names.count >= 100)
        #expect(frameCount >= 10_000)
    }
}
