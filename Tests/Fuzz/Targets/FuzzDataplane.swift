// A whole mesh under frames of any bytes. The input is a script (ScriptRecord.swift).
//
// Invariant after every run: each frame judged, the ledgers balanced, what is delivered as sound as
// what was fed.

import Dataplane
import Mesh
import Replay
import Wire

/// Few enough that an input can fill the tables.
private let flowCountMax = 64

func fuzzDataplane(_ bytes: [UInt8]) -> String? {
    guard let cluster = FuzzMesh.cluster else { return "there is no mesh to fuzz" }
    // Half of the inputs with the look ahead, for which the tables here are too small.
    var runner = MeshRunner(
        cluster, flowCountMax: flowCountMax, looksAhead: bytes.count % 2 == 0)
    var judge = FrameJudge()
    var now: UInt64 = 0
    var script = bytes[...]
    while let record = ScriptRecord(&script) {
        feed(record, to: &runner, &judge)
        guard record.isRunWanted || runner.isFull || script.isEmpty else { continue }
        now += UInt64(record.seconds) * 1_000_000_000
        runner.run(now: now, observer: &judge) { 0 }
        runner.reclaim()
        guard runner.checkInvariants() else { return "an invariant of a node does not hold" }
        if let complaint = judge.complaint { return complaint }
    }
    return nil
}

private func feed(_ record: ScriptRecord, to runner: inout MeshRunner, _ judge: inout FrameJudge) {
    var bytes = record.frame
    var arrival = Arrival.network
    var node = NodeIndex(record.node)
    if record.isAnswer, let answer = judge.lastDelivered?.answer {
        (bytes, arrival, node) = (answer.bytes, .task(answer.endpoint), answer.node)
    } else if record.isFromTask {
        let program = runner.program(node)
        let endpoint = EndpointIndex(record.choice % program.endpoints.count)
        (arrival, node) = (.task(endpoint), program[endpoint].node)
    }
    if record.isMended { mendHeaderChecksum(&bytes) }
    let wireByteCount = bytes.count + (record.isCut ? 1000 : 0)
    guard let offset = runner.withArena({ $0.append(bytes.span.raw) }) else { return }
    let id = judge.register(bytes, isWhole: !record.isCut)
    runner.put(
        Frame(
            offset: offset, byteCount: bytes.count, wireByteCount: wireByteCount, id: id,
            arrival: arrival),
        at: node)
}
