// What traffic to make: every knob of the model, as passive data with defaults.
//
// Invariant: together with the release, these values determine every byte and every time stamp.

import Wire

public struct TrafficSpecification: Sendable {
    /// 2026-01-01T00:00:00Z: a day on which traces begin, not the day they are made.
    public static let epochNanoseconds: UInt64 = 1_767_225_600 * 1_000_000_000

    public var seed: UInt64 = 1
    /// Flows are numbered by popularity; each sends at least one packet.
    public var flowCount = 10_000
    /// Frames in all, whatever they are.
    public var packetCount = 100_000
    public var skew = ZipfSkew(checked: 1100)
    public var sizes = SizeMix.imix
    /// Of the IP packet. The default leaves room for VXLAN in an underlay of 1500 bytes, so nothing
    /// generated is too big for a mesh.
    public var packetByteCountMax = 1400

    /// Of flows.
    public var ipv6 = Share(percent: 10)
    /// Of flows, relative to the sum of the three.
    public var tcp = Share(percent: 70)
    public var udp = Share(percent: 25)
    public var sctp = Share(percent: 5)

    /// Of UDP datagrams: sent as two or three fragments, a quarter of them last fragment first.
    public var fragments = Share.none
    /// Of packets: errors about what the service sent, quoting it, from the client or a router.
    public var icmpErrors = Share.none
    /// Of packets: damaged after they were made.
    public var malformed = Share.none
    /// Of TCP and SCTP connections: end before their flow does, which opens again from another
    /// address and port.
    public var reopens = Share.none
    /// Of TCP and SCTP connections that close: by RST or ABORT.
    public var resets = Share(percent: 5)
    /// Whether the service's packets are there too, as on a link both directions share.
    public var isBothDirections = false

    /// Where flows come from; benchmarking addresses (RFC 2544) and documentation addresses.
    public var clientsIPv4 = IPv4Address(198, 18, 0, 0)
    /// The length of `clientsIPv4`'s prefix.
    public var clientsIPv4Length = 15
    public var clientsIPv6 = IPv6Address(high: 0x2001_0db8_000c_0000, low: 0)
    public var clientsIPv6Length = 48
    public var targets: [TrafficTarget] = []

    public var startNanoseconds = Self.epochNanoseconds
    public var packetsPerSecond = 100_000
    /// Of the time between two packets: how far a packet may come late. Packets keep their order.
    public var jitter = Share.none
    /// 1...4094; a tag on every frame when not nil.
    public var vlan: UInt16?

    public init() {}
}

extension TrafficSpecification {
    /// Throws what is wrong first.
    func check() throws(TrafficError) {
        try check("flow count", flowCount, 1...TrafficLimits.flowCountMax)
        try check("packet count", packetCount, 1...TrafficLimits.packetCountMax)
        try check("packets per second", packetsPerSecond, 1...TrafficLimits.packetsPerSecondMax)
        let packetByteCounts = TrafficLimits.packetByteCountMin...TrafficLimits.packetByteCountMax
        try check("largest packet", packetByteCountMax, packetByteCounts)
        try check("target count", targets.count, 0...TrafficLimits.targetCountMax)
        if let vlan { try check("VLAN", Int(vlan), 1...4094) }
        guard startNanoseconds <= UInt64.max / 2 else { throw .startTooLate }
        guard packetCount >= flowCount else {
            throw .tooFewPackets(packetCount: packetCount, flowCount: flowCount)
        }
        guard tcp > .none || udp > .none || sctp > .none else { throw .noProtocol }
        try checkTargets()
    }

    private func check(
        _ name: String, _ value: Int, _ range: ClosedRange<Int>
    ) throws(TrafficError) {
        guard range.contains(value) else {
            throw .outOfRange(name: name, value: value, range: range)
        }
    }

    /// Every kind of flow that the shares allow must have somewhere to go.
    private func checkTargets() throws(TrafficError) {
        let shares: [(TrafficTarget.Transport, Share)] = [(.tcp, tcp), (.udp, udp), (.sctp, sctp)]
        for (transport, share) in shares where share > .none {
            if ipv6 > .none, !has(transport, isIPv6: true) {
                throw .noTarget(transport, isIPv6: true)
            }
            if ipv6 < .whole, !has(transport, isIPv6: false) {
                throw .noTarget(transport, isIPv6: false)
            }
        }
    }

    private func has(_ transport: TrafficTarget.Transport, isIPv6: Bool) -> Bool {
        targets.contains { $0.transport == transport && $0.isIPv6 == isIPv6 }
    }
}
