// Published ports: who has which, and the next free one of the dynamic range.
//
// Invariants: TCP, UDP and SCTP are separate spaces. An ingress port belongs to one service of the
// whole cluster; a host-mode port may be shared by services (the scheduler keeps them on different
// nodes) but not with another service's ingress port. Declared ports are claimed before any is
// chosen.

import Wire

struct PortAllocator {
    private struct Key: Hashable {
        var port: Port
        var proto: UInt8
    }
    private struct Claim {
        var service: Int
        var mode: PublishedPort.Mode
    }

    private struct Range: Hashable {
        var mode: PublishedPort.Mode
        var proto: UInt8
    }

    private var claims: [Key: [Claim]] = [:]
    /// Below it nothing is free any more: ports are not given back.
    private var nextPort: [Range: UInt16] = [:]

    /// Claims a declared port; answers the service and mode it collides with.
    mutating func claim(
        _ port: Port, _ proto: IPProtocol, mode: PublishedPort.Mode, service: Int
    ) -> (service: Int, mode: PublishedPort.Mode)? {
        let key = Key(port: port, proto: proto.rawValue)
        for other in claims[key] ?? [] where other.service != service {
            if mode == .ingress || other.mode == .ingress { return (other.service, other.mode) }
        }
        claims[key, default: []].append(Claim(service: service, mode: mode))
        return nil
    }

    /// The lowest port of the mode's range that nobody has, nil when all are taken.
    mutating func allocate(
        _ proto: IPProtocol, mode: PublishedPort.Mode, service: Int
    ) -> Port? {
        let range = mode == .ingress ? MeshLimits.dynamicPortRange : MeshLimits.ephemeralPortRange
        let cursor = Range(mode: mode, proto: proto.rawValue)
        let first = nextPort[cursor] ?? range.lowerBound
        guard first <= range.upperBound else { return nil }
        for number in first...range.upperBound {
            nextPort[cursor] = number + 1
            let key = Key(port: Port(number), proto: proto.rawValue)
            guard claims[key] == nil else { continue }
            claims[key] = [Claim(service: service, mode: mode)]
            return Port(number)
        }
        return nil
    }
}
