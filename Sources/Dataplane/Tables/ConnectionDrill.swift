// The operations of a connection table by themselves, many at a time, for benchmarks: what is asked of
// the table is generic and fast only inside this module, so whoever times it calls for a whole range.
//
// Connections are numbered. Invariant: connection `i` is one and the same for ever, and in the table at
// most once; what is made with `insert` ends when its time is over or with `endAll`.

import Wire

package struct ConnectionDrill: ~Copyable {
    private var rules: DirectorRules
    private var table: ConnectionTable<IPv4Address>
    private var reaches = [Reach](repeating: Reach(), count: Limits.stretchFrameCount)
    /// In ticks.
    private var now: UInt64 = 1

    /// A table for `countMax` connections, all to one real server.
    package init(key: HashKey, countMax: Int) throws(RuleError) {
        rules = DirectorRules(key: key)
        table = ConnectionTable(key: key, countMax: countMax)
        let service = VirtualServerKey.address(.v4(Self.virtual), Port(80), .udp)
        try rules.add(VirtualServerRule(service))
        try rules.add(
            RealServerRule(.v4(IPv4Address(10, 0, 0, 1)), Port(80), method: .masquerade),
            to: service)
        table.expire(now: now, rules: &rules)
    }

    private static var virtual: IPv4Address { IPv4Address(192, 0, 2, 11) }

    package var count: Int { table.count }
    package var byteCount: Int { table.byteCount }
    package func checkInvariants() -> Bool { table.checkInvariants() }

    /// Clients' addresses and ports follow one another, as a scan's would.
    @inline(__always)
    private static func flow(_ number: Int) -> ClientFlow<IPv4Address> {
        ClientFlow(
            .udp,
            client: IPv4Address(rawValue: 0x0b00_0000 + UInt32(truncatingIfNeeded: number >> 4)),
            Port(UInt16(truncatingIfNeeded: 40_000 + number & 15)), virtual: virtual, Port(80))
    }

    /// Makes these connections, the first of the table's in `ticks` and every `share` after it a tick
    /// later, counted by their numbers.
    package mutating func insert(_ numbers: Range<Int>, ticks: Int, share: Int) {
        for number in numbers {
            _ = table.add(
                Self.flow(number), flags: [], server: RealServerIndex(0), serverPort: Port(80),
                timeout: UInt32(truncatingIfNeeded: ticks + number / share), rules: &rules)
        }
    }

    /// How many of these connections are found, one after the other.
    package func find(_ numbers: Span<Int>) -> Int {
        var count = 0
        for index in numbers.indices where table.find(incoming: Self.flow(numbers[index])) != nil {
            count &+= 1
        }
        return count
    }

    /// The same, with what is needed of the table read for all of them before the first.
    package mutating func findTogether(_ numbers: Span<Int>) -> Int {
        var reaches: [Reach] = []
        swap(&reaches, &self.reaches)
        var count = 0
        var start = 0
        while start < numbers.count {
            let end = min(start + Limits.stretchFrameCount, numbers.count)
            count &+= findTogether(numbers.extracting(start..<end), &reaches)
            start = end
        }
        swap(&reaches, &self.reaches)
        return count
    }

    private func findTogether(_ numbers: Span<Int>, _ reaches: inout [Reach]) -> Int {
        var reaches = reaches.mutableSpan
        for index in numbers.indices {
            let flow = Self.flow(numbers[index])
            reaches[index] = table.reach(
                connectionHash(flow.proto, flow.client, flow.clientPort, table.key),
                clientPort: flow.clientPort)
        }
        table.prefetch(&reaches, numbers.count, rules.servers.span, rules.virtualServers.span)
        return find(numbers)
    }

    /// Lets ticks pass; how many connections ended.
    package mutating func wait(_ ticks: Int) -> Int {
        let before = table.count
        now &+= UInt64(ticks)
        table.expire(now: now, rules: &rules)
        return before - table.count
    }
}
