// rr: one server after the other, whatever their weight, those of weight zero or at their threshold
// passed over (ip_vs_rr.c).
//
// Invariant: the position is that of the server chosen last, or -1: the head of the list. A server
// that is deleted hands it to the one before it, so that none is passed over or served twice.

enum RoundRobin {
    @inline(__always)
    static func choose(
        _ service: inout VirtualServer, _ servers: Span<RealServer>
    ) -> RealServerIndex? {
        let last = service.memory.position
        let count = service.order.count
        // Behind the last one, then from the head up to it.
        for place in (last &+ 1)..<count where servers[service.order[place]].isUsable {
            service.memory.position = place
            return service.order[place]
        }
        guard last >= 0 else { return nil }
        for place in 0...last where servers[service.order[place]].isUsable {
            service.memory.position = place
            return service.order[place]
        }
        return nil
    }

    static func added(_ memory: inout SchedulerMemory) {
        if memory.position >= 0 { memory.position += 1 }
    }

    static func deleted(_ memory: inout SchedulerMemory, at position: Int) {
        if memory.position >= position { memory.position -= 1 }
    }
}
