// Makes the frames of a traffic specification, one after the other.
//
// Each frame is a turn of one flow, drawn from all the packets still to be sent; the flow's state
// machine says what it sends. Invariant: the same specification gives the same frames on every
// machine, exactly `packetCount` of them, in order of time; memory grows with the flow count only.

import Wire

public struct TrafficGenerator: Sendable {
    let specification: TrafficSpecification
    let layout: FrameLayout
    let sizes: PacketSizes
    var random: RandomSource
    var flows: [Flow]
    private var quotas: QuotaTree
    private var clientsIPv4: ClientPool
    private var clientsIPv6: ClientPool
    private var frameCount: UInt64 = 0
    var train: FragmentTrain?
    var datagramCount: UInt32 = 0
    /// Where a packet stands before a part of it goes into a frame.
    var scratch: [UInt8]

    public init(_ specification: TrafficSpecification) throws(TrafficError) {
        try specification.check()
        self.specification = specification
        layout = FrameLayout(vlan: specification.vlan)
        sizes = PacketSizes(
            specification.sizes, linkByteCount: layout.byteCount,
            packetByteCountMax: specification.packetByteCountMax)
        random = RandomSource(seed: specification.seed)
        clientsIPv4 = try ClientPool(
            .v4(specification.clientsIPv4), length: specification.clientsIPv4Length,
            flowCount: specification.flowCount, random: &random)
        clientsIPv6 = try ClientPool(
            .v6(specification.clientsIPv6), length: specification.clientsIPv6Length,
            flowCount: specification.flowCount, random: &random)
        let weights = specification.skew.weights(count: specification.flowCount)
        let quotas = Traffic.quotas(packetCount: specification.packetCount, weights: weights)
        self.quotas = QuotaTree(quotas)
        let choice = TargetChoice(specification)
        flows = []
        flows.reserveCapacity(quotas.count)
        for quota in quotas {
            flows.append(Flow(target: choice.next(&random), packetsLeft: quota))
        }
        scratch = [UInt8](
            repeating: 0,
            count: TrafficLimits.fragmentCountMax * TrafficLimits.packetByteCountMax)
    }

    public var flowCount: Int { flows.count }

    /// Writes the next frame to the start of `buffer`, which is made larger if it is too small.
    /// Nil after the last frame.
    public mutating func next(into buffer: inout [UInt8]) -> TrafficFrame? {
        guard quotas.total > 0 else { return nil }
        if buffer.count < TrafficLimits.frameByteCountMax {
            let missing = TrafficLimits.frameByteCountMax - buffer.count
            buffer.append(contentsOf: repeatElement(0, count: missing))
        }
        let index = train?.flow ?? quotas.flow(at: random.below(quotas.total))
        quotas.take(from: index)
        startTurn(of: index)
        var frame = TrafficFrame(
            timestampNanoseconds: nextTimestamp(), byteCount: 0, flow: index, kind: .packet,
            isMalformed: false)
        let place = write(&frame, into: &buffer)
        if random.chance(specification.malformed) { damage(&frame, place, in: &buffer) }
        return frame
    }

    /// Opens a connection if the flow has none, and counts one packet off.
    private mutating func startTurn(of index: Int) {
        if flows[index].connectionLeft == 0 { open(index) }
        flows[index].connectionLeft -= 1
        flows[index].packetsLeft -= 1
    }

    private mutating func open(_ index: Int) {
        let target = specification.targets[flows[index].target]
        let all = flows[index].packetsLeft
        let reopens = target.transport != .udp && random.chance(specification.reopens)
        let count = reopens ? 1 + UInt32(random.below(UInt64(all))) : all
        let isResetting = random.chance(specification.resets)
        let (addresses, port) = nextClient(of: target)
        flows[index].open(
            between: addresses, from: port, count: count, target.transport,
            isResetting: isResetting, &random)
    }

    private mutating func nextClient(of target: TrafficTarget) -> (AddressPair, Port) {
        switch target.address {
        case .v4(let destination):
            let client = clientsIPv4.next()
            let prefix = UInt64(specification.clientsIPv4.rawValue) & ~clientsIPv4.hostMask
            let source = UInt32(truncatingIfNeeded: prefix | client.host)
            let pair = AddressPair.v4(
                source: IPv4Address(rawValue: source), destination: destination)
            return (pair, client.port)
        case .v6(let destination):
            let client = clientsIPv6.next()
            let prefix = specification.clientsIPv6
            let low = prefix.low & ~clientsIPv6.hostMask | client.host
            let source = IPv6Address(high: prefix.high, low: low)
            return (.v6(source: source, destination: destination), client.port)
        }
    }

    /// Frames are evenly spaced; jitter delays each by less than a space.
    private mutating func nextTimestamp() -> UInt64 {
        let rate = UInt64(specification.packetsPerSecond)
        let (seconds, rest) = frameCount.quotientAndRemainder(dividingBy: rate)
        frameCount += 1
        let due = seconds * 1_000_000_000 + rest * 1_000_000_000 / rate
        let delayMax = 1_000_000_000 / rate * UInt64(specification.jitter.partsPerMillion)
        return specification.startNanoseconds + due + random.below(delayMax / 1_000_000)
    }

    private mutating func damage(
        _ frame: inout TrafficFrame, _ place: Damage.Place, in buffer: inout [UInt8]
    ) {
        let damage = Damage.allCases[random.below(Damage.allCases.count)]
        var bytes = buffer.rawBytes(at: 0, count: frame.byteCount)
        frame.byteCount = damage.apply(to: &bytes, place, &random)
        frame.isMalformed = true
    }
}
