// The bundled mixed trace is what its command makes today: one changed byte anywhere in the model is
// found here, and so is a machine that computes differently from the one that made the file.

import Foundation
import Testing
import Traffic
import Wire

@Suite struct BundledTraceTests {
    @Test func theMixedTraceCanBeMadeAgain() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        let file = root.appending(path: "bench-data/traces/generated-mixed.pcap")
        let bundled = try [UInt8](Data(contentsOf: file))
        let made = try pcapFile(of: Self.specification().frames())
        #expect(bundled == made)
    }

    /// The command in bench-data/README.md.
    private static func specification() throws -> TrafficSpecification {
        var specification = TrafficSpecification()
        specification.seed = 2
        specification.flowCount = 300
        specification.packetCount = 5000
        specification.skew = try #require(ZipfSkew("1"))
        specification.sizes = try #require(SizeMix("64:30,570:4,1500:1"))
        specification.ipv6 = Share(percent: 40)
        specification.tcp = Share(percent: 45)
        specification.udp = Share(percent: 35)
        specification.sctp = Share(percent: 20)
        specification.fragments = Share(percent: 10)
        specification.icmpErrors = Share(percent: 3)
        specification.malformed = Share(percent: 2)
        specification.reopens = Share(percent: 20)
        specification.resets = Share(percent: 20)
        specification.jitter = Share(percent: 50)
        specification.isBothDirections = true
        let nodes = (11...14).map { "192.0.2.\($0)" } + (11...14).map { "[2001:db8:0:1::\($0)]" }
        let ports = [
            "tcp/80", "tcp/443", "tcp/53", "udp/53", "udp/4000", "udp/4001", "udp/4002",
            "udp/4003", "sctp/3868",
        ]
        specification.targets = nodes.flatMap { node in
            ports.compactMap { port in
                let terms = port.split(separator: "/")
                return TrafficTarget("\(terms[0])/\(node):\(terms[1])")
            }
        }
        return specification
    }
}
