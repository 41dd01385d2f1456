// Goal: rates are the kernel's. Method: the rows that `ipvsadm --rate` showed after a burst, recorded
// from the kernel, against the estimator fed the burst's counts and then nothing.

import Dataplane
import Ipvsadm
import Testing

@Suite struct RateTests {
    @Test(arguments: ["large.rates", "small.rates"])
    func `rates after a burst go down as the kernel's do`(fixture: String) throws {
        let rows = Transcript.text(fixture).split(separator: "\n").map { line in
            line.split(separator: " ").compactMap { UInt64($0) }
        }
        let counts = try #require(rows.first)
        var counters = ServiceCounters()
        counters.connectionCount = counts[0]
        counters.incoming.packetCount = counts[1]
        counters.outgoing.packetCount = counts[2]
        counters.incoming.byteCount = counts[3]
        counters.outgoing.byteCount = counts[4]
        var estimator = RateEstimator()
        var seen: [[UInt64]] = []
        for _ in 0..<4 * rows.count where seen.count < rows.count - 1 {
            estimator.tick(counters)
            let rates = estimator.rates
            let row = [
                rates.connections, rates.incomingPackets, rates.outgoingPackets,
                rates.incomingBytes, rates.outgoingBytes,
            ]
            if row != seen.last { seen.append(row) }
        }
        #expect(rows.count > 5)
        #expect(seen == Array(rows.dropFirst()))
    }

    @Test func `counters that were set to zero have no rate`() {
        var counters = ServiceCounters()
        counters.connectionCount = 4_000
        var estimator = RateEstimator()
        estimator.tick(counters)
        #expect(estimator.rates.connections == 500)
        estimator.tick(ServiceCounters())
        #expect(estimator.rates == ServiceRates())
    }
}
