// The keyed hash of a flow, and the table of slots that it chooses from.
// Keys differ from call to call, as those of packets do; slots are built for 8 and for 1,000 tasks.

import Benchmark
import Dataplane
import Wire

func hashes() {
    let key = HashKey(k0: 1, k1: 2)
    thousand("SipHash-1-3: IPv4 flow") { benchmark in
        for iteration in benchmark.scaledIterations {
            let client = IPv4Address(rawValue: UInt32(truncatingIfNeeded: iteration))
            let flow = FlowKey(
                client: IPv6Address(mapped: client), clientPort: Port(40_000),
                servicePort: Port(80), proto: .tcp)
            blackHole(flow.hash(key))
        }
    }
    thousand("SipHash-1-3: IPv6 flow") { benchmark in
        for iteration in benchmark.scaledIterations {
            let client = IPv6Address(high: 0x2001_0db8_0000_0000, low: UInt64(iteration))
            let flow = FlowKey(
                client: client, clientPort: Port(40_000), servicePort: Port(80), proto: .tcp)
            blackHole(flow.hash(key))
        }
    }
    for (taskCount, size) in [(8, 2_039), (1_000, 65_537)] {
        let backends = (1...taskCount).map { MaglevBackend(identity: UInt64($0)) }
        Benchmark(
            "Maglev: build \(size) slots for \(taskCount) tasks",
            configuration: single()
        ) { benchmark in
            for _ in benchmark.scaledIterations { blackHole(Maglev.table(backends, size: size)) }
        }
    }
}
