// Where each packet of a trace goes into the mesh.
//
// A packet to an address of the mesh enters by the node that the entry policy names. A packet from
// a published port is what the service answered: it becomes the answer of the task that the mesh
// chose for its flow, and leaves that task. A packet from a task's own address leaves that task as
// it is. What nodes sent from ports that nobody publishes (their own echo replies and resets) is
// not the mesh's and is passed over. Fragments go where their first one went; those of an answer that come
// before it wait for it, and count as passed over until it comes.
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
    /// A later fragment of an answer whose first fragment did not come.
    case laterFragment
    /// SCTP that is there in part only, so that its checksum could not follow a change of port.
    case sctpFragment
    /// No link type that carries IP, or a frame beyond every limit.
    case unsupportedLink
}

struct TraceAimer: ~Copyable {
    private let cluster: Cluster
    /// Any node's: they agree on what is asked of it here.
    private let program: Program
    /// The program's; asked here, for its own subscripts allocate where they are not inlined.
    private let endpoints: [Endpoint]
    /// By node: they differ in host-mode ports.
    private let ports: [PortTable]
    /// The program's.
    private let addresses: AddressTable
    private let sources: MeshSources
    private var chooser: EntryChooser
    private let rules: [RemapRule]
    private let filter: FrameFilter
    /// By rule: packets that it matched, but whose protocol its service does not publish the port for.
    private(set) var unpublishedCounts: [UInt64]
    /// Where the later fragments of a datagram go, which have no ports to tell.
    private var fragments = FragmentAims()
    private var waiting = WaitingFragments()

    init(
        _ cluster: Cluster, programs: [Program], policy: EntryPolicy, rules: [RemapRule],
        filter: consuming FrameFilter
    ) {
        self.cluster = cluster
        program = programs[0]
        endpoints = programs[0].endpoints
        ports = programs.map(\.ports)
        addresses = programs[0].addresses
        sources = MeshSources(cluster)
        chooser = EntryChooser(policy, nodeCount: programs.count)
        self.rules = rules
        unpublishedCounts = [UInt64](repeating: 0, count: rules.count)
        self.filter = filter
    }

    /// Copies a packet into the arena, aims it, and fills in what there is to say of it; or says why it
    /// goes nowhere.
    mutating func place(
        _ bytes: RawSpan, originalByteCount: Int, _ linkType: LinkType, id: UInt64,
        timestamp: UInt64, _ arena: inout FrameArena, _ aimed: inout AimedPacket
    ) -> Skip? {
        let mark = arena.usedByteCount
        guard
            LinkNormalizer.append(
                bytes, originalByteCount: originalByteCount, linkType, id: id,
                timestamp: timestamp, to: &arena, as: &aimed.frame)
        else { return .unsupportedLink }
        // By range, for the frame was written field by field just now, and a copy of it would wait.
        let range = aimed.frame.range
        let wireByteCount = aimed.frame.wireByteCount
        guard look(at: arena.bytes(in: range), wireByteCount, &aimed.sight) else {
            arena.release(to: mark)
            return .filtered
        }
        let skip = aim(&aimed, &arena)
        if skip != nil { arena.release(to: mark) }
        return skip
    }

    /// The length of a fragment that waited for the packet placed last; nil without any.
    var waitingByteCount: Int? { waiting.nextByteCount }

    /// Copies that fragment into the arena and aims it as its first one was; or says why it goes nowhere.
    mutating func placeWaiting(
        _ arena: inout FrameArena, _ aimed: inout AimedPacket
    ) -> Skip? {
        let mark = arena.usedByteCount
        guard let fragment = waiting.takeNext(), let offset = arena.append(fragment.bytes.span.raw)
        else { return .laterFragment }
        aimed.frame.renew(
            offset: offset, byteCount: fragment.bytes.count, wireByteCount: fragment.wireByteCount,
            id: fragment.id, timestamp: fragment.timestamp)
        aimed.sight.look(at: fragment.bytes.span.raw)
        let aim = fragments.find(fragment.key, at: fragment.timestamp)
        let skip = follow(aim ?? .skip(.laterFragment), &aimed, &arena)
        if skip != nil { arena.release(to: mark) }
        return skip
    }

    /// Sees a packet, if the filter matches it.
    @inline(__always)
    private func look(
        at bytes: RawSpan, _ wireByteCount: Int, _ sight: inout PacketSight
    ) -> Bool {
        guard filter.matches(bytes, wireByteCount: wireByteCount) else { return false }
        sight.look(at: bytes)
        return true
    }

    private mutating func aim(_ aimed: inout AimedPacket, _ arena: inout FrameArena) -> Skip? {
        guard let source = aimed.sight.source, let destination = aimed.sight.destination else {
            return enter(&aimed)
        }
        return aimed.sight.isFragment
            ? aimFragment(&aimed, source, destination, &arena)
            : aim(&aimed, source, destination, &arena)
    }

    /// Aims by addresses and ports.
    @inline(__always)
    private mutating func aim(
        _ aimed: inout AimedPacket, _ source: IPv6Address, _ destination: IPv6Address,
        _ arena: inout FrameArena
    ) -> Skip? {
        if !rules.isEmpty, let port = remappedPort(for: aimed.frame, aimed.sight, arena) {
            return remap(&aimed, to: port, source, destination, &arena)
        }
        guard sources.mayContain(source) else { return enter(&aimed) }
        if let task = taskEndpoint(source) { return leave(&aimed, task) }
        guard case .node(let node) = addresses.find(source, in: .clients) else {
            return enter(&aimed)
        }
        guard aimed.sight.hasPorts, !isMeshAddress(destination) else {
            return own(aimed, source, destination, arena)
        }
        return reply(&aimed, from: aimed.sight.sourcePort, at: node, source, destination, &arena)
    }

    /// What a node sent without ports is its own, unless it may be a part of an answer.
    @inline(never)
    private mutating func own(
        _ aimed: AimedPacket, _ source: IPv6Address, _ destination: IPv6Address,
        _ arena: borrowing FrameArena
    ) -> Skip {
        let sight = aimed.sight
        guard sight.isLaterFragment, sight.proto.hasPorts || !sight.isIPv4,
            !isMeshAddress(destination)
        else { return .host }
        let key = FragmentKey(sight, from: source, to: destination)
        waiting.hold(aimed.frame, arena.bytes(of: aimed.frame), of: key)
        return .laterFragment
    }

    /// Aims the first fragment of a datagram by its ports, the others as that.
    @inline(never)
    private mutating func aimFragment(
        _ aimed: inout AimedPacket, _ source: IPv6Address, _ destination: IPv6Address,
        _ arena: inout FrameArena
    ) -> Skip? {
        let key = FragmentKey(aimed.sight, from: source, to: destination)
        let time = aimed.frame.timestamp
        guard !aimed.sight.isLaterFragment else {
            if let before = fragments.find(key, at: time) {
                return follow(before, &aimed, &arena)
            }
            return aim(&aimed, source, destination, &arena)
        }
        let isAwaited = waiting.contains(key)
        // Whatever had this identification is over; `remap` and `reply` note what comes of it now.
        fragments.note(isAwaited ? .asItIs : nil, of: key, at: time)
        let skip = aim(&aimed, source, destination, &arena)
        if let skip { fragments.note(.skip(skip), of: key, at: time) }
        if isAwaited { waiting.release(key, at: time) }
        return skip
    }

    private mutating func enter(_ aimed: inout AimedPacket) -> Skip? {
        aimed.node = chooser.choose(&aimed.sight, addresses)
        return nil
    }

    @inline(__always)
    private func leave(_ aimed: inout AimedPacket, _ endpoint: EndpointIndex) -> Skip? {
        aimed.frame.arrival = .task(endpoint)
        aimed.node = endpoints[Int(endpoint.rawValue)].node
        return nil
    }

    /// Turns a packet of the trace that a rule matched into one to or from a published port. The
    /// end with the lower port is taken for the service.
    private mutating func remap(
        _ aimed: inout AimedPacket, to port: Port, _ source: IPv6Address,
        _ destination: IPv6Address, _ arena: inout FrameArena
    ) -> Skip? {
        let sight = aimed.sight
        let isRequest = sight.destinationPort <= sight.sourcePort
        let server = isRequest ? destination : source
        guard let (node, address) = target(for: server, isIPv4: sight.isIPv4) else {
            return enter(&aimed)
        }
        guard isRequest else {
            return reply(&aimed, from: port, at: node, source, destination, &arena)
        }
        guard port == sight.destinationPort || keepsChecksum(sight, aimed.frame, &arena) else {
            return .sctpFragment
        }
        var bytes = arena.mutableBytes(of: aimed.frame)
        Replay.aim(&bytes, sight, destination: (address, port))
        remember(.request(address), source, destination, sight, at: aimed.frame.timestamp)
        aimed.sight.destination = address
        return enter(&aimed)
    }

    /// Makes a packet the answer of the task that the mesh chose for its flow.
    private mutating func reply(
        _ aimed: inout AimedPacket, from port: Port, at node: NodeIndex, _ source: IPv6Address,
        _ client: IPv6Address, _ arena: inout FrameArena
    ) -> Skip? {
        let sight = aimed.sight
        let flow = FlowKey(
            client: client, clientPort: sight.destinationPort, servicePort: port,
            proto: sight.proto)
        guard let binding = published(sight.proto, port, at: node),
            let choice = program.choose(
                flow, service: binding.service, target: binding.target),
            let address = address(of: choice.endpoint, isIPv4: sight.isIPv4)
        else { return .host }
        guard choice.target == sight.sourcePort || keepsChecksum(sight, aimed.frame, &arena) else {
            return .sctpFragment
        }
        var bytes = arena.mutableBytes(of: aimed.frame)
        Replay.aim(&bytes, sight, source: (address, choice.target))
        remember(.reply(choice.endpoint), source, client, sight, at: aimed.frame.timestamp)
        return leave(&aimed, choice.endpoint)
    }

    /// Asked in place: a table taken out of an array is a copy, and its references are counted.
    @inline(__always)
    private func published(_ proto: IPProtocol, _ port: Port, at node: NodeIndex) -> PortBinding? {
        let ports = ports.span
        return ports[Int(node.rawValue)].find(proto, port)
    }

    private mutating func follow(
        _ before: FragmentAim, _ aimed: inout AimedPacket, _ arena: inout FrameArena
    ) -> Skip? {
        let sight = aimed.sight
        switch before {
        case .asItIs: return enter(&aimed)
        case .skip(let skip): return skip
        case .request(let address):
            var bytes = arena.mutableBytes(of: aimed.frame)
            Replay.aim(&bytes, sight, destination: (address, Port(0)))
            aimed.sight.destination = address
            return enter(&aimed)
        case .reply(let endpoint):
            guard let address = address(of: endpoint, isIPv4: sight.isIPv4) else { return .host }
            var bytes = arena.mutableBytes(of: aimed.frame)
            Replay.aim(&bytes, sight, source: (address, Port(0)))
            return leave(&aimed, endpoint)
        }
    }

    private mutating func remember(
        _ aim: FragmentAim, _ source: IPv6Address, _ destination: IPv6Address,
        _ sight: PacketSight, at time: UInt64
    ) {
        guard sight.isFragment else { return }
        fragments.note(aim, of: FragmentKey(sight, from: source, to: destination), at: time)
    }

    /// Whether another port may be written into a packet. SCTP's checksum is over all of it.
    private func keepsChecksum(
        _ sight: PacketSight, _ frame: Frame, _ arena: inout FrameArena
    ) -> Bool {
        guard sight.isFragment, sight.proto == .sctp else { return true }
        var bytes = arena.mutableBytes(of: frame)
        let ports = MutableTransportPorts(
            &bytes, at: sight.transport, proto: sight.proto,
            packetByteCount: sight.transportByteCount)
        return ports?.keepsChecksum ?? true
    }

    /// The published port of the first rule that matches; nil without one.
    private mutating func remappedPort(
        for frame: Frame, _ sight: PacketSight, _ arena: borrowing FrameArena
    ) -> Port? {
        guard sight.hasPorts else { return nil }
        let matching = rules.firstIndex {
            $0.filter.matches(arena.bytes(of: frame), originalByteCount: frame.wireByteCount)
        }
        guard let matching else { return nil }
        let port = rules[matching].port(for: sight.proto)
        if port == nil { unpublishedCounts[matching] &+= 1 }
        return port
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

    @inline(__always)
    private func taskEndpoint(_ source: IPv6Address) -> EndpointIndex? {
        for network in cluster.networks {
            let scope = AddressScope.network(NetworkIndex(network.id.rawValue))
            if case .endpoint(let index) = addresses.find(source, in: scope) {
                return index
            }
        }
        return nil
    }

    @inline(__always)
    private func isMeshAddress(_ address: IPv6Address) -> Bool {
        addresses.find(address, in: .clients) != nil
    }

    @inline(__always)
    private func address(of index: EndpointIndex, isIPv4: Bool) -> IPv6Address? {
        let place = Int(index.rawValue)
        return isIPv4
            ? endpoints[place].address4.map { IPv6Address(mapped: $0) } : endpoints[place].address6
    }
}
