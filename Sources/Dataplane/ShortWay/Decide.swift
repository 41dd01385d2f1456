// The short way's second stage: hash what enters, pick its task, and see whether the way there is short
// too. Flow records are reached for, so that they are at hand when the next stage wants them.
//
// Invariant: the choice is `Program.choose`'s, and nothing but sights is written.

import Wire

/// Decides for a range of packets, and sorts them; the position of the first that must go the long way,
/// or the end.
@inline(never)
func decide(
    _ range: Range<Int>, _ sights: inout MutableSpan<Sight>, _ sorted: inout Sorted,
    _ key: HashKey, _ program: borrowing Program
) -> Int {
    let start = range.lowerBound
    var sights = sights._mutatingExtracting(range)
    for index in sights.indices {
        let way = sights[index].way
        if way.isIPv4 {
            if way.isEntry {
                guard sights[index].choose(ShortIPv4.self, .local4, key, program) else {
                    return start &+ index
                }
                guard sights[index].way == .local4 else {
                    sorted.sent.append(start &+ index)
                    continue
                }
            }
            sorted.delivered4.append(start &+ index)
        } else {
            if way.isEntry {
                guard sights[index].choose(ShortIPv6.self, .local6, key, program) else {
                    return start &+ index
                }
                guard sights[index].way == .local6 else {
                    sorted.sent.append(start &+ index)
                    continue
                }
            }
            sorted.delivered6.append(start &+ index)
        }
    }
    return range.upperBound
}

/// Reads from the flow records that the next stage will want. Nothing waits for what is read, so many
/// reads are under way at a time.
@inline(never)
func touch<Address>(
    _ records: borrowing MutableSpan<FlowRecord<Address>>, _ positions: inout Positions,
    _ sights: borrowing MutableSpan<Sight>
) -> UInt32 {
    var sum: UInt32 = 0
    for index in 0..<positions.count {
        sum &+= records.touch(sights[positions[index]].flowHash)
    }
    return sum
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
