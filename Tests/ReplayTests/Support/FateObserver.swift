// Notes what became of each packet of a trace: its verdicts in order, the task it was delivered to, and
// the flow that the task sees.

import Dataplane
import Replay
import Wire

struct FateObserver: FrameObserver {
    /// A flow as its task sees it: the client's end, and which task.
    struct SeenFlow: Hashable {
        var proto: UInt8
        var client: [UInt8]
        var clientPort: UInt16
        var targetPort: UInt16
        var service: ServiceIndex
    }

    let endpoints: [Endpoint]
    /// By packet number: verdicts of its frames that nobody made, node after node.
    var fates: [UInt64: [Verdict]] = [:]
    /// By packet number: where it was first put, as a client's packet or a task's.
    var isRequest: [UInt64: Bool] = [:]
    var entries: [UInt64: NodeIndex] = [:]
    /// Delivered requests by flow: every task that got one.
    var tasks: [SeenFlow: Set<EndpointIndex>] = [:]
    /// Time stamps of packets in the order they were put in.
    var timestamps: [UInt64] = []

    init(_ program: Program) { endpoints = program.endpoints }

    var isWatching: Bool { true }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count where entries[frames[index].id] == nil {
            let frame = frames[index]
            entries[frame.id] = node
            isRequest[frame.id] = frame.arrival == .network
            timestamps.append(frame.timestamp)
        }
    }

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count where !frames[index].isGenerated {
            let frame = frames[index]
            fates[frame.id, default: []].append(frame.verdict)
            if case .delivered(let endpoint) = frame.verdict, isRequest[frame.id] == true,
                let flow = flow(of: arena.bytes(of: frame), at: endpoint)
            {
                tasks[flow, default: []].insert(endpoint)
            }
        }
    }

    /// The endpoint a packet was delivered to.
    func endpoint(_ number: UInt64) -> EndpointIndex? {
        if case .delivered(let endpoint)? = fates[number]?.last { return endpoint }
        return nil
    }

    /// Of whole packets in untagged frames only; the rest is nil.
    private func flow(of bytes: RawSpan, at endpoint: EndpointIndex) -> SeenFlow? {
        guard bytes.byteCount >= 38 else { return nil }
        let service = endpoints[Int(endpoint.rawValue)].service
        let (client, proto, transport): (Range<Int>, UInt8, Int)
        switch bytes.u16(12) {
        case 0x0800 where bytes.u16(20) & 0x3fff == 0:
            (client, proto, transport) = (26..<30, bytes.u8(23), 14 + Int(bytes.u8(14) & 15) * 4)
        case 0x86dd where bytes.byteCount >= 58:
            (client, proto, transport) = (22..<38, bytes.u8(20), 54)
        default: return nil
        }
        guard [6, 17, 132].contains(proto), bytes.byteCount >= transport + 4 else { return nil }
        return SeenFlow(
            proto: proto, client: client.map { bytes.u8($0) }, clientPort: bytes.u16(transport),
            targetPort: bytes.u16(transport + 2), service: service)
    }
}
