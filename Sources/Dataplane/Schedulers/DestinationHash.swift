// dh: the destination address decides, through a table of 256 slots that the servers share in turn,
// whatever their weight (ip_vs_dh.c).
//
// Invariant: each slot names a server of the order; there is no slot when there is no server. A
// server that takes none is not stood in for.

import Wire

enum DestinationHash {
    private static let bits: UInt32 = 8

    static func slots(_ order: [RealServerIndex]) -> [RealServerIndex] {
        order.isEmpty ? [] : (0..<1 << bits).map { order[$0 % order.count] }
    }

    static func choose(
        _ service: borrowing VirtualServer, _ servers: Span<RealServer>,
        _ request: SchedulingRequest
    ) -> RealServerIndex? {
        guard !service.memory.slots.isEmpty else { return nil }
        let fold = KernelHash.fold(request.destination, isIPv4: service.rule.key.isIPv4)
        let server = service.memory.slots[KernelHash.hash(fold, bits: bits)]
        return servers[server].isUsable ? server : nil
    }
}
