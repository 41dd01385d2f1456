// Where each packet of a trace goes into the mesh.
//
// A packet to an address of the mesh enters by the node that the entry policy names. A packet from
// a published port is what the service answered: it becomes the answer of the task that the mesh
// chose for its flow, and leaves that task. A packet from a task's own address leaves that task as
// it is. What nodes sent from ports that nobody publishes (their own echo replies and resets) is
// not the mesh's and is passed over.
//
// Invariant: one packet of the trace is put in front of one node at most, once.

import Capture
import Dataplane
import Mesh
import Wire

/// Why a packet of the trace was not put into the mesh.
public enum Skip: String, CaseIterable, Sendable {
    /// The filter did not match.
    case filtered
    /// Sent by a node's own stack.
    case host
    /// No link type that carries IP, or a frame beyond every limit.
    case unsupportedLink
}

/// Where a packet goes.
enum Placement {
    case put(Frame, NodeIndex, PacketSight)
    case skip(Skip)
}

struct TraceAimer: ~Copyable {
    private let cluster: Cluster
    /// One for each node: they differ in host-mode ports.
    private let programs: [Program]
    /// Any program's: they agree on what is asked here.
    private let addresses: AddressTable
    private var chooser: EntryChooser
    private let rules: [RemapRule]
    private let filter: PacketFilter?
    /// Where the later fragments of a datagram go, which have no ports to tell.
    private var fragments: [FragmentKey: FragmentAim] = [:]

    private struct FragmentKey: Hashable {
        var source: IPv6Address
        var destination: IPv6Address
        var identification: UInt32
    }

    private enum FragmentAim {
        case request(IPv6Address)
        case reply(EndpointIndex)
    }

    /// Bounds the memory of fragments, which a trace could otherwise fill at will.
    private static let fragmentCountMax = 65_536

    init(
        _ cluster: Cluster, programs: [Program], policy: EntryPolicy, rules: [RemapRule],
        filter: consuming PacketFilter?
    ) {
        self.cluster = cluster
        self.programs = programs
        addresses = programs[0].addresses
        chooser = EntryChooser(policy, nodeCount: programs.count)
        self.rules = rules
        self.filter = filter
    }

    /// Copies a packet into the arena, aims it, and says where it goes.
    mutating func place(
        _ bytes: RawSpan, originalByteCount: Int, _ linkType: LinkType, id: UInt64,
        _ arena: inout FrameArena
    ) -> Placement {
        let mark = arena.usedByteCount
        guard
            let frame = LinkNormalizer.append(
                bytes, originalByteCount: originalByteCount, linkType, id: id, to: &arena)
        else { return .skip(.unsupportedLink) }
        guard matchesFilter(arena.bytes(of: frame), frame.wireByteCount) else {
            arena.release(to: mark)
            return .skip(.filtered)
        }
        let placement = aim(frame, &arena)
        if case .skip = placement { arena.release(to: mark) }
        return placement
    }

    private func matchesFilter(_ bytes: RawSpan, _ originalByteCount: Int) -> Bool {
        switch filter {
        case .none: true
        case .some(let filter): filter.matches(bytes, originalByteCount: originalByteCount)
        }
    }

    private mutating func aim(_ frame: Frame, _ arena: inout FrameArena) -> Placement {
        let sight = PacketSight(arena.bytes(of: frame))
        guard let source = sight.source, let destination = sight.destination else {
            return enter(frame, sight)
        }
        if sight.isLaterFragment, let aimed = fragments[key(source, destination, sight)] {
            return follow(aimed, frame, sight, &arena)
        }
        if let rule = rule(for: frame, sight, arena), let port = rule.port(for: sight.proto) {
            return remap(frame, sight, to: port, source, destination, &arena)
        }
        if let task = taskEndpoint(source) {
            return leave(frame, sight, task)
        }
        guard case .node(let node) = addresses.find(source, in: .clients) else {
            return enter(frame, sight)
        }
        guard sight.hasPorts, !isMeshAddress(destination) else { return .skip(.host) }
        return reply(
            frame, sight, from: sight.sourcePort, at: node, source, destination, &arena)
    }

    private mutating func enter(_ frame: Frame, _ sight: PacketSight) -> Placement {
        .put(frame, chooser.choose(sight, addresses), sight)
    }

    private func leave(
        _ frame: Frame, _ sight: PacketSight, _ endpoint: EndpointIndex
    ) -> Placement {
        var frame = frame
        frame.arrival = .task(endpoint)
        return .put(frame, programs[0][endpoint].node, sight)
    }

    /// Turns a packet of the trace that a rule matched into one to or from a published port. The
    /// end with the lower port is taken for the service.
    private mutating func remap(
        _ frame: Frame, _ sight: PacketSight, to port: Port, _ source: IPv6Address,
        _ destination: IPv6Address, _ arena: inout FrameArena
    ) -> Placement {
        let isRequest = sight.destinationPort <= sight.sourcePort
        let server = isRequest ? destination : source
        guard let (node, address) = target(for: server, isIPv4: sight.isIPv4) else {
            return enter(frame, sight)
        }
        guard isRequest else {
            return reply(frame, sight, from: port, at: node, source, destination, &arena)
        }
        var bytes = arena.mutableBytes(of: frame)
        Replay.aim(&bytes, sight, destination: (address, port))
        remember(.request(address), source, destination, sight)
        var aimed = sight
        aimed.destination = address
        return enter(frame, aimed)
    }

    /// Makes a packet the answer of the task that the mesh chose for its flow.
    private mutating func reply(
        _ frame: Frame, _ sight: PacketSight, from port: Port, at node: NodeIndex,
        _ source: IPv6Address, _ client: IPv6Address, _ arena: inout FrameArena
    ) -> Placement {
        let index = Int(node.rawValue)
        let flow = FlowKey(
            client: client, clientPort: sight.destinationPort, servicePort: port,
            proto: sight.proto)
        guard let binding = programs[index].ports.find(sight.proto, port),
            let choice = programs[index].choose(
                flow, service: binding.service, target: binding.target),
            let address = address(of: choice.endpoint, isIPv4: sight.isIPv4)
        else { return .skip(.host) }
        var bytes = arena.mutableBytes(of: frame)
        Replay.aim(&bytes, sight, source: (address, choice.target))
        remember(.reply(choice.endpoint), source, client, sight)
        return leave(frame, sight, choice.endpoint)
    }

    private mutating func follow(
        _ aimed: FragmentAim, _ frame: Frame, _ sight: PacketSight, _ arena: inout FrameArena
    ) -> Placement {
        var bytes = arena.mutableBytes(of: frame)
        switch aimed {
        case .request(let address):
            Replay.aim(&bytes, sight, destination: (address, Port(0)))
            var aimed = sight
            aimed.destination = address
            return enter(frame, aimed)
        case .reply(let endpoint):
            guard let address = address(of: endpoint, isIPv4: sight.isIPv4) else {
                return .skip(.host)
            }
            Replay.aim(&bytes, sight, source: (address, Port(0)))
            return leave(frame, sight, endpoint)
        }
    }

    private mutating func remember(
        _ aimed: FragmentAim, _ source: IPv6Address, _ destination: IPv6Address,
        _ sight: PacketSight
    ) {
        guard sight.isFragment else { return }
        if fragments.count >= Self.fragmentCountMax { fragments.removeAll() }
        fragments[key(source, destination, sight)] = aimed
    }

    private func key(
        _ source: IPv6Address, _ destination: IPv6Address, _ sight: PacketSight
    ) -> FragmentKey {
        FragmentKey(
            source: source, destination: destination, identification: sight.identification)
    }

    private func rule(
        for frame: Frame, _ sight: PacketSight, _ arena: borrowing FrameArena
    ) -> RemapRule? {
        guard sight.hasPorts else { return nil }
        return rules.first {
            $0.filter.matches(arena.bytes(of: frame), originalByteCount: frame.wireByteCount)
        }
    }

    /// The node and address that a remapped server becomes: always the same for one server.
    private func target(
        for server: IPv6Address, isIPv4: Bool
    ) -> (NodeIndex, IPv6Address)? {
        var candidates: [(NodeIndex, IPv6Address)] = []
        for node in cluster.nodes {
            let addresses = node.addresses.map { IPv6Address($0) }
            if let address = addresses.first(where: { $0.isIPv4Mapped == isIPv4 }) {
                candidates.append((NodeIndex(node.id.rawValue), address))
            }
        }
        if case .node(let entry) = chooser.policy {
            return candidates.first { $0.0 == entry }
        }
        guard !candidates.isEmpty else { return nil }
        let mixed = (server.high ^ server.low) &* 0x9e37_79b9_7f4a_7c15
        return candidates[Int(mixed >> 33) % candidates.count]
    }

    private func taskEndpoint(_ source: IPv6Address) -> EndpointIndex? {
        for network in cluster.networks {
            let scope = AddressScope.network(NetworkIndex(network.id.rawValue))
            if case .endpoint(let index) = addresses.find(source, in: scope) {
                return index
            }
        }
        return nil
    }

    private func isMeshAddress(_ address: IPv6Address) -> Bool {
        addresses.find(address, in: .clients) != nil
    }

    private func address(of index: EndpointIndex, isIPv4: Bool) -> IPv6Address? {
        let endpoint = programs[0][index]
        return isIPv4 ? endpoint.address4.map { IPv6Address(mapped: $0) } : endpoint.address6
    }
}
