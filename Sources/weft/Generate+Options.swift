// The options of `weft generate`, and the specification they make.
//
// Defaults are the specification's own. Invariant: an option that is not given changes nothing, except
// that shares nobody asked for are none where the targets given cannot serve them.

import ArgumentParser
import Traffic
import Wire

/// What the packets are.
struct GenerateTraffic: ParsableArguments {
    private static let defaults = TrafficSpecification()

    @Option(help: "Seed of all chance.")
    var seed = defaults.seed

    @Option(help: "Number of flows; each sends at least one packet.")
    var flows = defaults.flowCount

    @Option(help: "Number of packets in all.")
    var packets = defaults.packetCount

    @Option(help: "Zipf exponent of the flows' popularity, 0 to 4; 0 makes them equal.")
    var zipf = defaults.skew

    @Option(help: "Frame sizes: imix, small, large, or SIZE:WEIGHT,...")
    var mix = defaults.sizes

    @Option(help: "Bytes of the largest IP packet.")
    var maxPacket = defaults.packetByteCountMax

    @Option(help: "Share of flows over IPv6. (default: \(defaults.ipv6) if a target is IPv6)")
    var ipv6: Share?

    @Option(
        help: ArgumentHelp(
            "Share of TCP flows. (default: \(defaults.tcp) if a target is TCP)",
            discussion: "Protocols whose share is not named divide what those that are leave, in "
                + "the proportion of their defaults."))
    var tcp: Share?

    @Option(help: "Share of UDP flows. (default: \(defaults.udp) if a target is UDP)")
    var udp: Share?

    @Option(help: "Share of SCTP flows. (default: \(defaults.sctp) if a target is SCTP)")
    var sctp: Share?

    @Option(help: "Share of UDP datagrams sent in fragments.")
    var fragments = defaults.fragments

    @Option(help: "Share of packets that are ICMP errors about a flow.")
    var icmpErrors = defaults.icmpErrors

    @Option(help: "Share of packets damaged.")
    var malformed = defaults.malformed

    @Option(help: "Share of connections that end early, their flow opening another.")
    var reopens = defaults.reopens

    @Option(help: "Share of connections that end by RST or ABORT.")
    var resets = defaults.resets

    @Flag(help: "Show the service's packets too.")
    var bothDirections = false

    func apply(to specification: inout TrafficSpecification) {
        specification.seed = seed
        specification.flowCount = flows
        specification.packetCount = packets
        specification.skew = zipf
        specification.sizes = mix
        specification.packetByteCountMax = maxPacket
        specification.fragments = fragments
        specification.icmpErrors = icmpErrors
        specification.malformed = malformed
        specification.reopens = reopens
        specification.resets = resets
        specification.isBothDirections = bothDirections
    }

    /// The shares that depend on what targets there are.
    func applyShares(to specification: inout TrafficSpecification) throws(TrafficError) {
        let targets = specification.targets
        try specification.setShares(tcp: tcp, udp: udp, sctp: sctp)
        let usual = targets.allSatisfy(\.isIPv6) ? Share.whole : specification.ipv6
        specification.ipv6 = ipv6 ?? (targets.contains(where: \.isIPv6) ? usual : .none)
    }
}

/// Where the packets are, and when.
struct GeneratePlace: ParsableArguments {
    private static let defaults = TrafficSpecification()

    @Option(help: "Where flows go, such as tcp/192.0.2.11:80 or udp/[2001:db8::1]:53=WEIGHT.")
    var target: [TrafficTarget] = []

    @Option(help: "Where flows come from: a prefix, once for each family.")
    var clients: [IPPrefix] = []

    @Option(
        name: [.long, .customLong("pps")], help: "Packets per second, which the time stamps show.")
    var rate = defaults.packetsPerSecond

    @Option(help: "Share of the time between packets that a packet may be late.")
    var jitter = defaults.jitter

    @Option(help: "VLAN of all frames, 1 to 4094.")
    var vlan: UInt16?

    func validate() throws {
        guard clients.count(where: { $0.address.bitWidth == 32 }) < 2,
            clients.count(where: { $0.address.bitWidth == 128 }) < 2
        else { throw ValidationError("--clients is given twice for one family") }
    }

    func apply(to specification: inout TrafficSpecification) {
        specification.targets = target.isEmpty ? TrafficTarget.bench : target
        for prefix in clients {
            switch prefix.address {
            case .v4(let address):
                specification.clientsIPv4 = address
                specification.clientsIPv4Length = prefix.length
            case .v6(let address):
                specification.clientsIPv6 = address
                specification.clientsIPv6Length = prefix.length
            }
        }
        specification.packetsPerSecond = rate
        specification.jitter = jitter
        specification.vlan = vlan
    }
}

extension Share: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension ZipfSkew: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension SizeMix: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension TrafficTarget: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension IPPrefix: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
