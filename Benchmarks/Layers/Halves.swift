// A batch of 256 packets through each half of the mesh, with many flows remembered and with few; and a
// batch of flows that are new. The flow table is seen here, from outside: the owner's half finds a
// record for each packet, or places one.
//
// What is printed is a batch; the frames are made anew for each and that is not measured.

import Bench
import Benchmark

func halves() {
    let one = single(.seconds(2), warmup: 10)
    for flowCount in isQuick ? [10_000] : [10_000, 1_000_000] {
        let name = "\(flowCount) flows, batch of 256"
        Benchmark("entry: \(name)", configuration: one) { benchmark, mesh in
            mesh.fill()
            benchmark.startMeasurement()
            mesh.enter()
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioMesh.opened(flowCount)
        }
        Benchmark("owner, flow found: \(name)", configuration: one) { benchmark, mesh in
            mesh.fill()
            mesh.enter()
            mesh.cross(to: 1)
            benchmark.startMeasurement()
            mesh.own()
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioMesh.opened(flowCount)
        }
        Benchmark("reply, owner: \(name)", configuration: one) { benchmark, mesh in
            mesh.fill()
            mesh.enter()
            mesh.cross(to: 1)
            mesh.own()
            mesh.answer()
            benchmark.startMeasurement()
            mesh.reply()
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioMesh.opened(flowCount)
        }
        Benchmark("reply, entry: \(name)", configuration: one) { benchmark, mesh in
            mesh.fill()
            mesh.enter()
            mesh.cross(to: 1)
            mesh.own()
            mesh.answer()
            mesh.reply()
            mesh.cross(to: 0)
            benchmark.startMeasurement()
            mesh.handOver()
            benchmark.stopMeasurement()
        } setup: {
            try ScenarioMesh.opened(flowCount)
        }
    }
    // Each batch 256 flows never seen; the table is as large as half of them need before it starts.
    Benchmark("owner, flow placed: batch of 256", configuration: one) { benchmark, mesh in
        mesh.fill(from: benchmark.currentIteration * 256)
        mesh.enter()
        mesh.cross(to: 1)
        benchmark.startMeasurement()
        mesh.own()
        benchmark.stopMeasurement()
    } setup: {
        try ScenarioMesh(Scenario(flowCount: isQuick ? 400_000 : 4_000_000))
    }
}

extension ScenarioMesh {
    /// A mesh that remembers so many flows.
    static func opened(_ flowCount: Int) throws -> ScenarioMesh {
        let mesh = try ScenarioMesh(Scenario(flowCount: flowCount))
        mesh.openAll()
        return mesh
    }
}
