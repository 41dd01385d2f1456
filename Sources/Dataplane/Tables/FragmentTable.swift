// Which way the fragments of a datagram go. Only the first fragment has the ports; what was decided
// for it is remembered here and the later ones follow.
//
// Four-way sets, hashed with the owner's key; the oldest entry of a set gives way. Invariant: memory
// is fixed at `Limits.fragmentedDatagramCountMax` entries, whatever arrives.

import Wire

/// What the fragments of one datagram share (RFC 791, section 3.2; RFC 8200, section 4.5).
struct DatagramKey: Hashable {
    var source: IPv6Address
    var destination: IPv6Address
    var identification: UInt32
    var proto: IPProtocol

    func hash(_ key: HashKey) -> UInt64 {
        var hash = SipHash(key)
        hash.absorb(source.high)
        hash.absorb(source.low)
        hash.absorb(destination.high)
        hash.absorb(destination.low)
        let tail = UInt64(identification) | UInt64(proto.rawValue) &<< 32
        return hash.finish(tail: tail, byteCount: 37)
    }
}

/// What was decided for the first fragment.
enum FragmentRoute {
    case request(Choice)
    case reply(FlowOrigin)
    /// From a task to another one's own address.
    case direct(EndpointIndex)
    /// Back to the task that sent an echo to a virtual address.
    case echo
    /// To the node's own stack.
    case host
}

struct FragmentTable: ~Copyable {
    private struct Entry {
        var key: DatagramKey
        var route: FragmentRoute
        var expires: UInt32
    }

    private static let wayCount = 4
    private var entries: [Entry?]
    private let key: HashKey

    init(key: HashKey) {
        self.key = key
        entries = [Entry?](repeating: nil, count: Limits.fragmentedDatagramCountMax)
    }

    func find(_ datagram: DatagramKey, now: UInt32) -> FragmentRoute? {
        let base = set(of: datagram)
        for index in base..<base + Self.wayCount {
            if let entry = entries[index], entry.key == datagram, entry.expires >= now {
                return entry.route
            }
        }
        return nil
    }

    mutating func remember(_ datagram: DatagramKey, _ route: FragmentRoute, now: UInt32) {
        let base = set(of: datagram)
        var victim = base
        for index in base..<base + Self.wayCount {
            guard let entry = entries[index], entry.key != datagram else {
                victim = index
                break
            }
            if let oldest = entries[victim], entry.expires < oldest.expires { victim = index }
        }
        let expires = now &+ Limits.fragmentTimeoutSeconds
        entries[victim] = Entry(key: datagram, route: route, expires: expires)
    }

    private func set(of datagram: DatagramKey) -> Int {
        let setCount = entries.count / Self.wayCount
        return (Int(truncatingIfNeeded: datagram.hash(key)) & (setCount - 1)) * Self.wayCount
    }
}
