// Goal: no output empties a file that is read, or that is another output, by whatever name it is called.
// Method: real files, links of both kinds, and devices, which have nothing to lose.

import Capture
import Foundation
import Testing

@Suite struct FilesInUseTests {
    private static let content = Data("precious".utf8)

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "weft-files-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try Self.content.write(to: directory.appending(path: "in"))
        try body(directory.path)
    }

    @Test(arguments: ["in", "./in", "symbolic", "hard"])
    func `an input is refused by any name and keeps what is in it`(name: String) throws {
        try withDirectory { directory in
            try FileManager.default.createSymbolicLink(
                atPath: "\(directory)/symbolic", withDestinationPath: "in")
            try FileManager.default.linkItem(
                atPath: "\(directory)/in", toPath: "\(directory)/hard")
            let path = "\(directory)/\(name)"
            let expected = CaptureError(path: path, fault: .isInput)
            let inputs = FilesInUse(inputs: ["\(directory)/in", "\(directory)/absent"])
            #expect(throws: expected) { try inputs.check(output: path) }
            var files = inputs
            #expect(throws: expected) {
                _ = try PcapWriter(path: path, linkType: .ethernet, among: &files)
            }
            #expect(throws: expected) { _ = try PcapNGWriter(path: path, among: &files) }
            #expect(throws: expected) { _ = try TextFile(path: path, among: &files) }
            #expect(FileManager.default.contents(atPath: path) == Self.content)
        }
    }

    @Test func `two outputs are two files`() throws {
        try withDirectory { directory in
            var files = FilesInUse()
            let path = "\(directory)/out"
            let first = try TextFile(path: path, among: &files)
            #expect(throws: CaptureError(path: path, fault: .isOutput)) {
                _ = try PcapNGWriter(path: path, among: &files)
            }
            try first.close()
        }
    }

    @Test func `what was in an output before is gone`() throws {
        try withDirectory { directory in
            var files = FilesInUse(inputs: ["\(directory)/absent"])
            try TextFile(path: "\(directory)/in", among: &files).close()
            #expect(FileManager.default.contents(atPath: "\(directory)/in") == Data())
        }
    }

    @Test func `a device may be written twice, and read too`() throws {
        var files = FilesInUse(inputs: ["/dev/null"])
        for _ in 0..<2 { try TextFile(path: "/dev/null", among: &files).close() }
    }
}
