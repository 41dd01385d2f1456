// What is done with a packet of a trace before a director sees it. Most come in as they are. A packet
// that a rule matches is aimed at a virtual service. One from an address of the director's own cannot
// come in: the director sent it, or a real server that answered past it, and it is passed over; or else,
// if replies are aimed, it becomes what the real server of its connection would have sent.
//
// Invariant: all fragments of a datagram are aimed as its first one was, in bounded memory.

import Capture
import Dataplane
import Wire

struct DirectorAimer: ~Copyable {
    enum Aim {
        case asItIs
        case destination(IPv6Address, Port)
        case source(IPv6Address, Port)
        /// From this virtual address and port; whose reply it is, the connection tells.
        case reply(IPv6Address, Port)
        case skip(Skip)
    }

    private struct FragmentKey: Hashable {
        var source: IPv6Address
        var destination: IPv6Address
        var identification: UInt32
    }

    private let ownAddresses: Set<IPv6Address>
    /// Whose marks say what else is a virtual address.
    private let rules: DirectorRules
    private let remaps: [DirectorRemapRule]
    private let aimsReplies: Bool
    private var fragments: [FragmentKey: Aim] = [:]

    /// Bounds the memory of fragments, which a trace could otherwise fill at will.
    private static let fragmentCountMax = 65_536

    init(
        _ rules: DirectorRules, _ host: DirectorHost, remaps: [DirectorRemapRule], aimsReplies: Bool
    ) {
        let onLinks = host.links.flatMap(\.prefixes).map(\.address)
        ownAddresses = Set((Array(host.ownAddresses) + onLinks).map { IPv6Address($0) })
        self.rules = rules
        self.remaps = remaps
        self.aimsReplies = aimsReplies
    }

    /// Where a packet goes, as far as its header tells.
    func aim(_ frame: Frame, _ sight: PacketSight, _ arena: borrowing FrameArena) -> Aim {
        guard let source = sight.source, let destination = sight.destination else {
            return .asItIs
        }
        if sight.isLaterFragment, let aim = fragments[key(source, destination, sight)] {
            return aim
        }
        if sight.hasPorts, let rule = rule(for: frame, sight, arena) {
            // The end with the lower port is taken for the service.
            return sight.destinationPort <= sight.sourcePort
                ? .destination(rule.address, rule.port) : .reply(rule.address, rule.port)
        }
        let isOwn =
            ownAddresses.contains(source)
            || sight.hasPorts
                && rules.mark(
                    proto: sight.proto, destination: source, destinationPort: sight.sourcePort) != 0
        guard isOwn else { return .asItIs }
        return aimsReplies && sight.hasPorts
            ? .reply(source, sight.sourcePort) : .skip(.host)
    }

    private func rule(
        for frame: Frame, _ sight: PacketSight, _ arena: borrowing FrameArena
    ) -> DirectorRemapRule? {
        guard !remaps.isEmpty else { return nil }
        let bytes = arena.bytes(of: frame)
        return remaps.first {
            $0.address.isIPv4Mapped == sight.isIPv4
                && $0.filter.matches(bytes, originalByteCount: frame.wireByteCount)
        }
    }

    /// Notes what became of a first fragment, for those that follow it.
    mutating func remember(_ aim: Aim, _ sight: PacketSight) {
        guard sight.isFragment, !sight.isLaterFragment, let source = sight.source,
            let destination = sight.destination
        else { return }
        if fragments.count >= Self.fragmentCountMax { fragments.removeAll() }
        fragments[key(source, destination, sight)] = aim
    }

    private func key(
        _ source: IPv6Address, _ destination: IPv6Address, _ sight: PacketSight
    ) -> FragmentKey {
        FragmentKey(
            source: source, destination: destination, identification: sight.identification)
    }
}
