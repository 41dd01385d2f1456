// Random declarations, most of them sound: the same from the same seed.
// Those that are not sound must be refused with a reason, never with a trap.

import Mesh
import Wire

extension ClusterSpecification {
    static func random(_ random: inout SplitMix) -> ClusterSpecification {
        var specification = nodes(Int.random(in: 1...9, using: &random))
        specification.settings.isIPv6Wanted = Bool.random(using: &random)
        for index in specification.nodes.indices where random.next() % 8 == 0 {
            specification.nodes[index].availability = .drain
        }
        for index in 0..<Int.random(in: 0...5, using: &random) {
            var network = NetworkSpecification(name: "net\(index)")
            network.isIPv6Enabled = Bool.random(using: &random)
            network.isEncrypted = Bool.random(using: &random)
            network.vni = random.next() % 6 == 0 ? UInt32.random(in: 1...5000, using: &random) : nil
            if random.next() % 5 == 0 {
                let address = IPv4Address(10, 0, UInt8(random.next() % 40), 0)
                network.v4 = IPv4Prefix(address, length: Int(random.next() % 8) + 20)
                    .map { SubnetSpecification(prefix: $0) }
            }
            if network.vni == nil, network.v4 == nil, random.next() % 6 == 0 {
                network.driver = .bridge
                network.isIPv6Enabled = false
            }
            specification.networks.append(network)
        }
        for index in 0..<Int.random(in: 1...8, using: &random) {
            let service = ServiceSpecification.random(index, specification.networks, &random)
            specification.services.append(service)
        }
        return specification
    }
}

extension ServiceSpecification {
    fileprivate static func random(
        _ index: Int, _ networks: [NetworkSpecification], _ random: inout SplitMix
    ) -> ServiceSpecification {
        var service = ServiceSpecification(name: "service\(index)")
        let count = Int.random(in: 0...12, using: &random)
        service.mode = random.next() % 5 == 0 ? .global : .replicated(count)
        service.maxReplicasPerNode = random.next() % 4 == 0 ? 1 : 0
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let isDynamic = Bool.random(using: &random)
            let port = UInt16.random(in: 8000...8400, using: &random)
            let proto: IPProtocol = Bool.random(using: &random) ? .tcp : .udp
            service.ports.append(
                PortSpecification(
                    published: isDynamic ? nil : Port(port), target: Port(80), proto: proto,
                    mode: random.next() % 4 == 0 ? .host : .ingress))
        }
        if service.ports.isEmpty, random.next() % 3 == 0 { service.endpointMode = .dnsrr }
        for network in networks where Bool.random(using: &random) {
            service.attachments.append(AttachmentSpecification(network: network.shortName))
        }
        return service
    }
}

/// Steele, Lea and Flood's SplitMix64: the same numbers from the same seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
