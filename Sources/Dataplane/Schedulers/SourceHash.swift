// sh: the client's address decides, with `sh-port` its port too, through a table of 256 slots. In
// turn each server takes as many slots as its weight, at least one (ip_vs_sh.c).
//
// Invariant: each slot names a server of the order; there is no slot when there is no server. With
// `sh-fallback` the slots behind the first choice are tried once each.

import Wire

enum SourceHash {
    private static let bits: UInt32 = 8
    private static let slotCount = 1 << Int(bits)

    static func slots(
        _ order: [RealServerIndex], _ servers: Span<RealServer>
    ) -> [RealServerIndex] {
        guard !order.isEmpty else { return [] }
        var slots: [RealServerIndex] = []
        slots.reserveCapacity(slotCount)
        while true {
            for server in order {
                for _ in 0..<max(servers[server].rule.weight, 1) {
                    slots.append(server)
                    if slots.count == slotCount { return slots }
                }
            }
        }
    }

    static func choose(
        _ service: borrowing VirtualServer, _ servers: Span<RealServer>,
        _ request: SchedulingRequest
    ) -> RealServerIndex? {
        guard !service.memory.slots.isEmpty else { return nil }
        let flags = service.rule.flags
        let port = flags.contains(.port) ? UInt32(request.clientPort.rawValue) : 0
        let fold = KernelHash.fold(request.client, isIPv4: service.rule.key.isIPv4)
        let hash = KernelHash.hash(port &+ fold, bits: bits)
        let server = service.memory.slots[hash]
        if servers[server].isUsable { return server }
        guard flags.contains(.fallback) else { return nil }
        for step in 0..<slotCount {
            // Offsets are counted from the first slot on and wrap before they are added to it.
            let offset = (step &+ hash) & (slotCount &- 1)
            let other = service.memory.slots[(offset &+ hash) & (slotCount &- 1)]
            if servers[other].isUsable { return other }
        }
        return nil
    }
}
