// A whole mesh under frames of any bytes. The input is a script: records of five bytes and a frame.
//
//     byte 0   bits 0-1 the node; then a bit each: from a task, let time pass and run, cut short,
//              mend the IPv4 header's checksum, answer the last frame delivered, in this order
//     byte 1   seconds that pass
//     byte 2   the task, by its endpoint
//     3 and 4  bytes of the frame, which follow (fewer at the end of the input)
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
    var runner = MeshRunner(cluster, flowCountMax: flowCountMax)
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

/// One frame and how it arrives.
private struct ScriptRecord {
    private static let headerByteCount = 5

    var node: Int
    var flags: UInt8
    var seconds: UInt8
    var endpoint: Int
    var frame: [UInt8]

    var isFromTask: Bool { flags & 4 != 0 }
    var isRunWanted: Bool { flags & 8 != 0 }
    var isCut: Bool { flags & 16 != 0 }
    var isMended: Bool { flags & 32 != 0 }
    var isAnswer: Bool { flags & 64 != 0 }

    /// Takes a record off the front of `script`; nil when no header is left.
    init?(_ script: inout ArraySlice<UInt8>) {
        let header = Array(script.prefix(Self.headerByteCount))
        guard header.count == Self.headerByteCount else { return nil }
        node = Int(header[0] & 3) % 3
        flags = header[0]
        seconds = header[1]
        endpoint = Int(header[2])
        script = script.dropFirst(Self.headerByteCount)
        frame = Array(script.prefix(Int(header[3]) << 8 | Int(header[4])))
        script = script.dropFirst(frame.count)
    }
}

private func feed(_ record: ScriptRecord, to runner: inout MeshRunner, _ judge: inout FrameJudge) {
    var bytes = record.frame
    var arrival = Arrival.network
    var node = NodeIndex(record.node)
    if record.isAnswer, let answer = judge.lastDelivered?.answer {
        (bytes, arrival, node) = (answer.bytes, .task(answer.endpoint), answer.node)
    } else if record.isFromTask {
        let program = runner.program(node)
        let endpoint = EndpointIndex(record.endpoint % program.endpoints.count)
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

/// Makes the checksum of an IPv4 header right, which a fuzzer would take long to do.
private func mendHeaderChecksum(_ frame: inout [UInt8]) {
    guard let header = headerRange(frame) else { return }
    let field = header.lowerBound + 10
    frame[field] = 0
    frame[field + 1] = 0
    let checksum = Naive.checksum(frame[header])
    frame[field] = UInt8(checksum >> 8)
    frame[field + 1] = UInt8(checksum & 0xff)
}

/// Where the IPv4 header lies in a frame; nil without one.
private func headerRange(_ frame: [UInt8]) -> Range<Int>? {
    guard let link = LinkHeader(frame.span.raw), link.etherType == .ipv4,
        let ip = IPv4Header(link.payload)
    else { return nil }
    return link.byteCount..<link.byteCount + ip.headerByteCount
}
