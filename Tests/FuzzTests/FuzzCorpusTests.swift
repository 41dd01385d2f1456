// Goal: what the fuzzer once found stays found, without the fuzzer. Method: every file of each corpus
// through its target. A crash found by `make fuzz` belongs into the corpus: this test then fails
// until it is mended.

import Foundation
import FuzzTargets
import Testing

@Suite struct FuzzCorpusTests {
    private static let corpora = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz/Corpora")

    @Test(.timeLimit(.minutes(5)), arguments: FuzzTarget.allCases)
    func `no input of the corpus meets a complaint`(target: FuzzTarget) throws {
        let directory = Self.corpora.appending(path: target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path())
        #expect(names.count > 20)
        for name in names.sorted() {
            let bytes = try [UInt8](Data(contentsOf: directory.appending(path: name)))
            let complaint = target.complaint(about: bytes)
            #expect(complaint == nil, "\(target) \(name)")
        }
    }
}
