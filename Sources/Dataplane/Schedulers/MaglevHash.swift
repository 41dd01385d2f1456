// mh: the client's address decides, with `mh-port` its port too, through a Maglev table as the kernel
// fills it (ip_vs_mh.c; Eisenbud et al., 2016). Unlike `Maglev`, it depends on the order of servers,
// gives each its turns in a row, and goes by the latest weight that was not zero, so that draining a
// server moves no one else's clients.
//
// Invariant: no slot is empty while some server ever had a weight. The keys of both hashes are
// constants of the kernel's, as is the size (CONFIG_IP_VS_MH_TAB_INDEX 12).

import Wire

enum MaglevHash {
    static let slotCount: UInt32 = 4_093
    /// Half the index that the size is chosen by: greater weights are scaled to so many bits.
    private static let weightBits = 6
    private static let firstKey = HashKey(k0: 2_654_435_761, k1: 2_654_435_761)
    private static let secondKey = HashKey(k0: 2_654_446_892, k1: 2_654_446_892)

    /// One server's walk over the slots in its order of preference.
    private struct Walk {
        let server: RealServerIndex
        var slot: UInt32
        let skip: UInt32
        let turnCount: Int32
    }

    /// The table as it is to be now. More servers than slots leave it as it was.
    static func slots(
        _ service: borrowing VirtualServer, _ servers: Span<RealServer>
    ) -> [RealServerIndex] {
        guard service.order.count <= Int(slotCount) else { return service.memory.slots }
        var divisor: Int32 = 0
        var greatest: Int32 = 0
        for server in service.order where servers[server].lastWeight > 0 {
            divisor = commonDivisor(servers[server].lastWeight, divisor)
            greatest = max(greatest, servers[server].lastWeight)
        }
        guard divisor > 0 else { return [] }
        let width = Int32.bitWidth - (greatest / divisor).leadingZeroBitCount
        let shift = max(width - weightBits, 0)
        var walks: [Walk] = []
        for server in service.order where servers[server].lastWeight > 0 {
            let turnCount = max((servers[server].lastWeight / divisor) >> shift, 1)
            walks.append(
                walk(server, servers[server], turnCount, isIPv4: service.rule.key.isIPv4))
        }
        return slots(&walks)
    }

    private static func walk(
        _ index: RealServerIndex, _ server: RealServer, _ turnCount: Int32, isIPv4: Bool
    ) -> Walk {
        let fold = KernelHash.fold(
            server.address, isIPv4: isIPv4 || server.address.isIPv4Mapped)
        let identity = fold &+ UInt32(server.rule.port.rawValue)
        return Walk(
            server: index, slot: hash(identity, firstKey) % slotCount,
            skip: hash(identity, secondKey) % (slotCount - 1) + 1, turnCount: turnCount)
    }

    private static func slots(_ walks: inout [Walk]) -> [RealServerIndex] {
        var slots = [RealServerIndex](repeating: .none, count: Int(slotCount))
        var freeCount = slots.count
        while true {
            for index in walks.indices {
                for _ in 0..<walks[index].turnCount {
                    while slots[Int(walks[index].slot)] != .none {
                        walks[index].slot += walks[index].skip
                        if walks[index].slot >= slotCount { walks[index].slot -= slotCount }
                    }
                    slots[Int(walks[index].slot)] = walks[index].server
                    freeCount -= 1
                    if freeCount == 0 { return slots }
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
        let client =
            port &+ KernelHash.fold(request.client, isIPv4: service.rule.key.isIPv4)
        let first = hash(client, firstKey) % slotCount
        let server = service.memory.slots[Int(first)]
        if server != .none, servers[server].isUsable { return server }
        guard server != .none, flags.contains(.fallback) else { return nil }
        for step in 0..<slotCount {
            let offset = (step &+ first) % slotCount
            let other = service.memory.slots[Int(hash(client &+ offset, firstKey) % slotCount)]
            guard other != .none else { return nil }
            if servers[other].isUsable { return other }
        }
        return nil
    }

    /// SipHash-1-3 of four bytes, its lower half (hsiphash on a 64-bit machine).
    @inline(__always)
    private static func hash(_ value: UInt32, _ key: HashKey) -> UInt32 {
        UInt32(truncatingIfNeeded: SipHash(key).finish(tail: UInt64(value), byteCount: 4))
    }
}
