// What is done with a packet of a trace before a director sees it. Most come in as they are. A packet
// that a rule matches is aimed at a virtual service. One from an address of the director's own cannot
// come in: the director sent it, or a real server that answered past it, and it is passed over; or else,
// if replies are aimed, it becomes what the real server of its connection would have sent.
//
// Invariant: all fragments of a datagram are aimed as the one that came first, in bounded memory. Where
// that is not the one with the ports, whose datagram it is cannot be told: it is not aimed anew, nor is
// what follows, since a datagram without its beginning would wait for it in vain.

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

    /// What became of a datagram's fragments so far.
    private struct Fate {
        var aim: Aim
        var time: UInt64
        /// The fragment with the ports was among them.
        var isKnown: Bool
    }

    private let ownAddresses: Set<IPv6Address>
    /// Whose marks say what else is a virtual address.
    private let rules: DirectorRules
    private let remaps: [DirectorRemapRule]
    private let aimsReplies: Bool
    private var fragments: [FragmentKey: Fate] = [:]

    /// Bounds the memory of fragments, which a trace could otherwise fill at will.
    private static let fragmentCountMax = 65_536
    /// After this time the same identification is another datagram's.
    private static let fragmentNanoseconds: UInt64 = 30_000_000_000

    init(
        _ rules: DirectorRules, _ host: DirectorHost, remaps: [DirectorRemapRule], aimsReplies: Bool
    ) {
        let onLinks = host.links.flatMap(\.prefixes).map(\.address)
        ownAddresses = Set((Array(host.ownAddresses) + onLinks).map { IPv6Address($0) })
        self.rules = rules
        self.remaps = remaps
        self.aimsReplies = aimsReplies
    }

    /// Where a packet goes, as far as its header and its `time` tell.
    func aim(
        _ frame: Frame, _ sight: PacketSight, at time: UInt64, _ arena: borrowing FrameArena
    ) -> Aim {
        guard let source = sight.source, sight.destination != nil else { return .asItIs }
        if let fate = fate(of: sight, at: time), sight.isLaterFragment || !fate.isKnown {
            return fate.aim
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

    /// Notes what became of a fragment, for those that follow it.
    mutating func remember(_ aim: Aim, _ sight: PacketSight, at time: UInt64) {
        guard aimsReplies || !remaps.isEmpty, let key = key(of: sight) else { return }
        guard !sight.isLaterFragment || fate(of: sight, at: time) == nil else { return }
        if fragments.count >= Self.fragmentCountMax { fragments.removeAll() }
        fragments[key] = Fate(aim: aim, time: time, isKnown: !sight.isLaterFragment)
    }

    private func fate(of sight: PacketSight, at time: UInt64) -> Fate? {
        guard !fragments.isEmpty, let key = key(of: sight), let fate = fragments[key],
            max(time, fate.time) - min(time, fate.time) < Self.fragmentNanoseconds
        else { return nil }
        return fate
    }

    /// Nil for what is no fragment.
    private func key(of sight: PacketSight) -> FragmentKey? {
        guard sight.isFragment, let source = sight.source, let destination = sight.destination
        else { return nil }
        return FragmentKey(
            source: source, destination: destination, identification: sight.identification)
    }
}
