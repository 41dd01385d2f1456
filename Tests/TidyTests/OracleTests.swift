// Goal: no test that compares with an outside program is left out in silence. Method: those tests
// are passed over where the program is missing, and this one then fails and says what to install.

import Foundation
import Testing

@Suite struct OracleTests {
    @Test(arguments: ["tshark", "capinfos"])
    func `the programs that other tests compare with are installed`(name: String) {
        let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/\(name)")
        #expect(isInstalled, "\(name) is missing: apt-get install tshark, as `make test` does")
    }
}
