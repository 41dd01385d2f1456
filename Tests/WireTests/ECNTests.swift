// Goal: RFC 6040's decapsulation. Method: figure 4 of the RFC, all sixteen combinations as a table.
// The table is typed from the RFC, not computed.

import Testing
import Wire

@Suite struct ECNTests {
    @Test func decapsulationFollowsFigure4() {
        let outers: [ECN] = [.notECT, .ect0, .ect1, .ce]
        let figure: [(inner: ECN, outgoing: [ECN?])] = [
            (.notECT, [.notECT, .notECT, .notECT, nil]),
            (.ect0, [.ect0, .ect0, .ect1, .ce]),
            (.ect1, [.ect1, .ect1, .ect1, .ce]),
            (.ce, [.ce, .ce, .ce, .ce]),
        ]
        for row in figure {
            for (outer, outgoing) in zip(outers, row.outgoing) {
                #expect(row.inner.decapsulated(from: outer) == outgoing, "\(row.inner) \(outer)")
            }
        }
    }

    @Test func theCodepointIsTheTwoLowBitsOfTheTrafficClass() {
        let points: [ECN] = [.notECT, .ect1, .ect0, .ce]
        for trafficClass in UInt8.min ... .max {
            #expect(ECN(trafficClass: trafficClass) == points[Int(trafficClass % 4)])
            #expect(ECN.ce.replacing(in: trafficClass) == trafficClass / 4 * 4 + 3)
            #expect(ECN.notECT.replacing(in: trafficClass) == trafficClass / 4 * 4)
        }
    }
}
