// Look-ups in a program of a thousand services: the address, the port, the task of a flow.
// Ports and clients follow one another in no order that a predictor could learn.

import Bench
import Benchmark
import Dataplane
import Mesh
import Wire

func tables() {
    guard let cluster = try? Scenario().cluster() else { return }
    let program = Compilation(cluster).program(for: cluster.nodes[0].id)
    let bindings = program.ports.bindings
    let ports = (0..<1_024).map { Port(UInt16(10_000 + $0 &* 7_919 % 1_000)) }
    let address = IPv6Address(mapped: IPv4Address(192, 0, 2, 11))
    thousand("service: address among \(program.addresses.count)") { benchmark in
        for _ in benchmark.scaledIterations {
            blackHole(program.addresses.find(address, in: .clients))
        }
    }
    thousand("service: port among \(bindings.count)") { benchmark in
        for iteration in benchmark.scaledIterations {
            blackHole(program.ports.find(.udp, ports[iteration & 1_023]))
        }
    }
    thousand("Maglev: look up a slot and its task") { benchmark in
        for iteration in benchmark.scaledIterations {
            let binding = bindings[iteration & 511]
            let row = program.services[binding.service]
            let hash = UInt64(truncatingIfNeeded: iteration) &* 0x9e37_79b9_7f4a_7c15
            let slot = program.services.slot(hash, of: row)
            blackHole(program.services.endpoint(at: slot, of: row))
        }
    }
    thousand("service: task of a flow (hash, slot, endpoint)") { benchmark in
        for iteration in benchmark.scaledIterations {
            let port = ports[iteration & 1_023]
            let binding = bindings[Int(port.rawValue) - 10_000]
            let client = IPv4Address(rawValue: UInt32(truncatingIfNeeded: iteration &* 40_503))
            let flow = FlowKey(
                client: IPv6Address(mapped: client), clientPort: Port(40_000), servicePort: port,
                proto: .udp)
            blackHole(program.choose(flow, service: binding.service, target: binding.target))
        }
    }
}
