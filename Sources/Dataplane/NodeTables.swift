// The arrays of a node's state, which a batch borrows for its length: counters, flow records, and room for
// what the short way sees.

import Wire

struct NodeTables: ~Copyable {
    /// By `VirtualServiceIndex`.
    var services: [FlowTraffic]
    /// By `EndpointIndex`.
    var endpoints: [FlowTraffic]
    /// The records of the flow tables.
    var records4: [FlowRecord<IPv4Address>]
    var records6: [FlowRecord<IPv6Address>]
    /// Room for the sights of a stretch of frames.
    var sights4 = StretchSights<IPv4Address>(repeating: Sight())
    var sights6 = StretchSights<IPv6Address>(repeating: Sight())

    init(for program: Program, flowCount: Int) {
        records4 = [FlowRecord](repeating: .empty, count: flowCount)
        records6 = [FlowRecord](repeating: .empty, count: flowCount)
        services = Self.counters(program.services.count)
        endpoints = Self.counters(program.endpoints.count)
    }

    /// Makes room for what the program counts.
    @inline(__always)
    mutating func prepare(for program: borrowing Program) {
        Self.lengthen(&services, to: program.services.count)
        Self.lengthen(&endpoints, to: program.endpoints.count)
    }

    /// Counters with room for more: a program with a few services or tasks more is run at once.
    private static func counters(_ count: Int) -> [FlowTraffic] {
        var counters: [FlowTraffic] = []
        counters.reserveCapacity(count + count / 4 + 64)
        lengthen(&counters, to: count)
        return counters
    }

    @inline(__always)
    private static func lengthen(_ counters: inout [FlowTraffic], to count: Int) {
        guard counters.count < count else { return }
        grow(&counters, to: count)
    }

    @inline(never)
    private static func grow(_ counters: inout [FlowTraffic], to count: Int) {
        counters.append(contentsOf: repeatElement(FlowTraffic(), count: count - counters.count))
    }
}
