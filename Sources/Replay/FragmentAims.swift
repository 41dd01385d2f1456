// Where the fragments of a datagram go, which is where its first one went: only that has ports to tell.
//
// A later fragment is told by what all of a datagram share: addresses and identification, and in IPv4 the
// protocol (RFC 791, section 3.2; RFC 8200, section 4.5). Invariant: bounded memory, and nothing is
// remembered for longer than the data plane does, for a sender may use an identification again.

import Dataplane
import Wire

struct FragmentKey: Hashable {
    private let source: IPv6Address
    private let destination: IPv6Address
    private let identification: UInt32
    /// In IPv6 each fragment names the header after its own, which need not be the first one's.
    private let proto: IPProtocol?

    init(_ sight: PacketSight, from source: IPv6Address, to destination: IPv6Address) {
        self.source = source
        self.destination = destination
        identification = sight.identification
        proto = sight.isIPv4 ? sight.proto : nil
    }
}

/// What was done with the first fragment of a datagram.
enum FragmentAim {
    case asItIs
    case request(IPv6Address)
    case reply(EndpointIndex)
    case skip(Skip)
}

struct FragmentAims {
    private var entries: [FragmentKey: (aim: FragmentAim, time: UInt64)] = [:]

    private static let countMax = 65_536
    /// How long fragments belong together, in nanoseconds.
    static let lifetime = UInt64(Limits.fragmentTimeoutSeconds) * 1_000_000_000

    func find(_ key: FragmentKey, at time: UInt64) -> FragmentAim? {
        guard let entry = entries[key], Self.belong(entry.time, time) else { return nil }
        return entry.aim
    }

    /// Notes an aim, in place of what was known of the key; nil to know nothing of it.
    mutating func note(_ aim: FragmentAim?, of key: FragmentKey, at time: UInt64) {
        guard let aim else {
            if !entries.isEmpty { entries[key] = nil }
            return
        }
        if entries.count >= Self.countMax { makeRoom(at: time) }
        entries[key] = (aim, time)
    }

    /// Whether fragments of these times may be of one datagram; traces are not always in order.
    static func belong(_ one: UInt64, _ other: UInt64) -> Bool {
        max(one, other) - min(one, other) < lifetime
    }

    /// Forgets what is too old, and everything where that does not help.
    private mutating func makeRoom(at time: UInt64) {
        entries = entries.filter { Self.belong($0.value.time, time) }
        if entries.count > Self.countMax / 2 { entries.removeAll() }
    }
}
