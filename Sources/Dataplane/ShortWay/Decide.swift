// The short way's second stage: hash what enters, pick its task, and see whether the way there is short
// too. Flow records are reached for, so that they are at hand when the next stage wants them.
//
// Invariant: the choice is `Program.choose`'s, and nothing but sights is written.

import Wire

/// Decides for `count` packets; how many there are before the first that must go the long way.
@inline(never)
func decide(
    _ count: Int, _ sights: inout MutableSpan<Sight>,
    _ flows4: borrowing MutableSpan<FlowRecord<IPv4Address>>,
    _ flows6: borrowing MutableSpan<FlowRecord<IPv6Address>>, touching touched: inout UInt32,
    _ key: HashKey, _ program: borrowing Program
) -> Int {
    var sights = sights._mutatingExtracting(0..<count)
    for position in sights.indices {
        switch sights[position].way {
        case .entry4, .local4:
            guard sights[position].choose(ShortIPv4.self, .local4, key, program) else {
                return position
            }
            guard sights[position].way == .local4 else { continue }
            touched &+= flows4.touch(sights[position].flowHash)
        case .entry6, .local6:
            guard sights[position].choose(ShortIPv6.self, .local6, key, program) else {
                return position
            }
            guard sights[position].way == .local6 else { continue }
            touched &+= flows6.touch(sights[position].flowHash)
        case .owner4: touched &+= flows4.touch(sights[position].flowHash)
        case .owner6: touched &+= flows6.touch(sights[position].flowHash)
        }
    }
    return sights.count
}

extension Sight {
    /// Picks the task of a packet that enters; false if the short way does not lead there.
    @inline(__always)
    fileprivate mutating func choose<Header: ShortHeader>(
        _ family: Header.Type, _ local: Way, _ key: HashKey, _ program: borrowing Program
    ) -> Bool {
        let flow = FlowKey(
            client: Header.source(of: self).mapped, clientPort: sourcePort,
            servicePort: destinationPort, proto: proto)
        guard let choice = program.choose(flow, service: service, target: target) else {
            return false
        }
        hash = choice.hash
        slot = choice.slot
        endpoint = choice.endpoint
        let task = program.shortEndpoints[Int(choice.endpoint.rawValue)]
        guard Header.address(of: task) != nil else { return false }
        node = task.node
        guard node == program.node else {
            return packetByteCount <= task.mtu && program.tunnels[Int(node.rawValue)] != nil
        }
        way = local
        flowHash = self.flow(family).hash(key)
        return true
    }
}
