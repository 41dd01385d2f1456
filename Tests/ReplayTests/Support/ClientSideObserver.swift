// Looks at what leaves the mesh for clients: who it seems to come from. Untagged frames only.
// A set of what it saw, in no order: tests ask only whether something is in it.

import Dataplane
import Replay
import Wire

struct ClientSideObserver: FrameObserver {
    var count = 0
    var sources: Set<IPAddress> = []
    var sourcePorts: Set<UInt16> = []

    var isWatching: Bool { true }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count where frames[index].verdict == .transmitted(.clients) {
            let bytes = arena.bytes(of: frames[index])
            count += 1
            if bytes.u16(12) == 0x0800 {
                sources.insert(.v4(IPv4Address(rawValue: bytes.u32(26))))
                sourcePorts.insert(bytes.u16(34))
            } else {
                sources.insert(.v6(IPv6Address(high: bytes.u64(22), low: bytes.u64(30))))
                sourcePorts.insert(bytes.u16(54))
            }
        }
    }
}
