// A batch of 256 packets through each half of the mesh, with many flows remembered and with few; and a
// batch of flows that are new. The flow table is seen here, from outside: the owner's half finds a
// record for each packet, or places one.
//
// What is printed is a batch; the frames are made anew for each and that is not measured.

import Bench
import Benchmark

func halves() {
    let long = single(.seconds(2), warmup: 10)
    for flowCount in isQuick ? [10_000] : [10_000, 1_000_000] {
        let name = "\(flowCount) flows, batch of 256"
        let mesh = { try ScenarioMesh.opened(flowCount) }
        batch("entry: \(name)", long, on: mesh) {
            $0.fill()
        } work: {
            $0.enter()
        }
        batch("owner, flow found: \(name)", long, on: mesh) {
            $0.fillOwner()
        } work: {
            $0.own()
        }
        batch("reply, owner: \(name)", long, on: mesh) {
            $0.fillReplies()
        } work: {
            $0.reply()
        }
        batch("reply, entry: \(name)", long, on: mesh) {
            $0.fillReplies()
            $0.reply()
            $0.cross(to: 0)
        } work: {
            $0.handOver()
        }
    }
    // Each batch 256 flows never seen; the table is as large as half of them need before it starts.
    Benchmark("owner, flow placed: batch of 256", configuration: long) { benchmark, mesh in
        mesh.fill(from: benchmark.currentIteration * 256)
        mesh.crossToOwner()
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

    /// Puts packets in front of the owner, whose flows it remembers.
    fileprivate func fillOwner() {
        fill()
        crossToOwner()
    }

    fileprivate func crossToOwner() {
        enter()
        cross(to: 1)
    }

    /// Puts in front of the owner what its tasks answer.
    fileprivate func fillReplies() {
        fillOwner()
        own()
        answer()
    }
}
