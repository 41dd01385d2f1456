// What `ipvsadm -L --rate` shows: connections, packets and bytes a second, as the kernel estimates
// them (net/netfilter/ipvs/ip_vs_est.c of 6.1). Every two seconds the counters are read, and a
// quarter of the way is gone from the old average to the rate of those two seconds.
//
// Invariant: nothing here is touched for a packet; the counters are read when a tick is due. Rates
// are fixed-point numbers, connections and packets with 10 bits behind the point, bytes with 5, and
// rounded as the kernel rounds them.

/// Rates of a virtual server or of a real server, a second.
public struct ServiceRates: Hashable, Sendable {
    public var connections: UInt64 = 0
    public var incomingPackets: UInt64 = 0
    public var outgoingPackets: UInt64 = 0
    public var incomingBytes: UInt64 = 0
    public var outgoingBytes: UInt64 = 0

    public init() {}
}

public struct RateEstimator: Sendable {
    private var last = ServiceCounters()
    private var average = ServiceRates()

    public init() {}

    /// Takes in what was counted in two seconds. Counters that were set to zero start anew.
    public mutating func tick(_ counters: ServiceCounters) {
        if counters.connectionCount < last.connectionCount
            || counters.incoming.packetCount < last.incoming.packetCount
            || counters.outgoing.packetCount < last.outgoing.packetCount
        {
            self = Self()
        }
        // Two seconds' worth, halved: 10 bits behind the point and one less; likewise 5.
        Self.move(
            &average.connections, counters.connectionCount &- last.connectionCount, bits: 9)
        Self.move(
            &average.incomingPackets,
            counters.incoming.packetCount &- last.incoming.packetCount, bits: 9)
        Self.move(
            &average.outgoingPackets,
            counters.outgoing.packetCount &- last.outgoing.packetCount, bits: 9)
        Self.move(
            &average.incomingBytes, counters.incoming.byteCount &- last.incoming.byteCount, bits: 4)
        Self.move(
            &average.outgoingBytes, counters.outgoing.byteCount &- last.outgoing.byteCount, bits: 4)
        last = counters
    }

    private static func move(_ average: inout UInt64, _ count: UInt64, bits: UInt64) {
        let step = Int64(truncatingIfNeeded: (count << bits) &- average) >> 2
        average = average &+ UInt64(truncatingIfNeeded: step)
    }

    public var rates: ServiceRates {
        var rates = ServiceRates()
        rates.connections = (average.connections &+ 0x1ff) >> 10
        rates.incomingPackets = (average.incomingPackets &+ 0x1ff) >> 10
        rates.outgoingPackets = (average.outgoingPackets &+ 0x1ff) >> 10
        rates.incomingBytes = (average.incomingBytes &+ 0xf) >> 5
        rates.outgoingBytes = (average.outgoingBytes &+ 0xf) >> 5
        return rates
    }
}

/// The rates of all virtual servers and real servers. The owner of the rules calls `advance` between
/// batches.
public struct RateBook: Sendable {
    /// Hundredths of a second between two ticks.
    static let period: UInt64 = 200

    private var virtualServers: [RateEstimator] = []
    private var servers: [RateEstimator] = []
    private var nextTick: UInt64?

    public init() {}

    /// Whether `advance` would do anything, so that rules need not be fetched for nothing.
    @inline(__always)
    public func isDue(at now: UInt64) -> Bool { nextTick.map { now >= $0 } ?? true }

    /// Ticks as often as it is due at `now`, in hundredths of a second; the first call starts the
    /// clock. Ticks that were missed see no traffic, as the batch before them took less time.
    @inline(__always)
    public mutating func advance(to now: UInt64, _ rules: borrowing DirectorRules) {
        guard let nextTick else {
            self.nextTick = now &+ Self.period
            return
        }
        if now >= nextTick { tick(from: nextTick, to: now, rules) }
    }

    /// After so many ticks without traffic every rate is zero, and stays so.
    private static let idleTickCountMax = 256

    @inline(never)
    private mutating func tick(
        from first: UInt64, to now: UInt64, _ rules: borrowing DirectorRules
    ) {
        let tickCount = (now &- first) / Self.period &+ 1
        Self.fit(&virtualServers, to: rules.virtualServers.count)
        Self.fit(&servers, to: rules.servers.count)
        for _ in 0..<min(tickCount, UInt64(Self.idleTickCountMax)) {
            for index in rules.virtualServers.indices {
                virtualServers[index].tick(rules.virtualServers[index].counters)
            }
            for index in rules.servers.indices {
                servers[index].tick(rules.servers[index].counters)
            }
        }
        nextTick = first &+ tickCount &* Self.period
    }

    private static func fit(_ estimators: inout [RateEstimator], to count: Int) {
        while estimators.count < count { estimators.append(RateEstimator()) }
    }

    public func rates(of index: VirtualServerIndex) -> ServiceRates {
        let place = Int(index.rawValue)
        return place < virtualServers.count ? virtualServers[place].rates : ServiceRates()
    }

    public func rates(of index: RealServerIndex) -> ServiceRates {
        let place = Int(index.rawValue)
        return place < servers.count ? servers[place].rates : ServiceRates()
    }
}
