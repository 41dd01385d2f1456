// The decision about one packet at its entry node, step by step, as the program's own tables give
// it: address, port or virtual address, flow key, hash, slot, task.
//
// Invariant: nothing is decided here. Each step asks the table that the data plane asks, and where
// the data plane left its choice with the frame, that is the choice shown.

import Dataplane
import Mesh
import Wire

public struct Decision: Equatable, Sendable {
    /// Whose program was asked.
    public var node: NodeIndex
    /// The network whose addresses count; nil for those that clients use.
    public var network: NetworkIndex?
    public var destination: IPAddress
    /// What the destination belongs to; nil for no address of the mesh.
    public var target: AddressTarget?
    /// What is published at the port, where the destination is a node's.
    public var binding: PortBinding?
    /// Nil for what has no ports: echo, later fragments.
    public var flow: FlowKey?
    /// Whether the flow is that of a packet quoted by an ICMP error.
    public var isQuoted = false
    /// Whether the choice is the one made for the datagram's first fragment.
    public var isInherited = false
    public var service: VirtualServiceIndex?
    public var slotCount: UInt32 = 0
    public var choice: Choice?
    /// Of the service, in the order of its row.
    public var shares: [TaskShare] = []
}

/// How much of a service's table leads to one task.
public struct TaskShare: Equatable, Sendable {
    public var endpoint: EndpointIndex
    public var slotCount: Int
}

extension Decision {
    /// Why `frame` went where it went from `node`; nil where nothing is decided: the overlay's own
    /// packets, answers of tasks, what was refused before any table was asked.
    init?(_ hop: WatchedHop, _ program: Program) {
        guard hop.frame.hasAskedTables else { return nil }
        let bytes = hop.before.span.raw
        let sight = PacketSight(bytes)
        guard let destination = sight.destination else { return nil }
        var scope = AddressScope.clients
        if case .task(let endpoint) = hop.frame.arrival {
            network = program[endpoint].network
            scope = .network(program[endpoint].network)
            guard case .service = program.addresses.find(destination, in: scope) else { return nil }
        } else if sight.isOverlay(to: program) {
            return nil
        }
        node = hop.node
        self.destination = destination.unmapped
        target = program.addresses.find(destination, in: scope)
        (flow, isQuoted) = FlowKey.of(sight)
        resolve(hop.frame.choice, isLaterFragment: sight.isLaterFragment, program)
    }

    private mutating func resolve(
        _ made: Choice, isLaterFragment: Bool, _ program: Program
    ) {
        if case .node = target, let flow {
            binding = program.ports.find(flow.proto, flow.servicePort)
            service = binding?.service
        } else if case .service(let index) = target {
            service = index
        }
        if made.service != .none {
            choice = made
            service = made.service
            isInherited = isLaterFragment
        } else if let flow, let service {
            choice = program.choose(
                flow, service: service, target: binding?.target ?? flow.servicePort)
        }
        guard let service else { return }
        let row = program.services[service]
        slotCount = row.slotCount
        shares = TaskShare.list(of: row, program)
    }
}

extension Frame {
    /// Whether the data plane got as far as looking the destination up.
    fileprivate var hasAskedTables: Bool {
        switch verdict {
        case .consumed(.neighbour): false
        case .dropped(.notForMesh), .dropped(.portNotPublished), .dropped(.noTask): true
        case .dropped(.unknownQuote): true
        case .dropped: choice.service != .none
        case .pending, .transmitted, .delivered, .consumed, .held: true
        }
    }
}

extension TaskShare {
    /// The tasks of a service with the number of slots of each.
    static func list(of service: VirtualService, _ program: Program) -> [TaskShare] {
        var shares = program.services.endpoints(of: service).map {
            TaskShare(endpoint: $0, slotCount: 0)
        }
        for slot in 0..<service.slotCount {
            guard let endpoint = program.services.endpoint(at: slot, of: service),
                let row = shares.firstIndex(where: { $0.endpoint == endpoint })
            else { continue }
            shares[row].slotCount += 1
        }
        return shares
    }
}

extension PacketSight {
    /// Whether the packet is VXLAN for the node that runs `program`.
    func isOverlay(to program: Program) -> Bool {
        proto == .udp && destinationPort == program.vxlanPort && destination == program.own.vtep
            && !isLaterFragment
    }
}

extension FlowKey {
    /// The flow that a packet is of, or that an ICMP error quotes: the quoted packet travelled the
    /// other way, so its destination is the client.
    static func of(_ sight: PacketSight) -> (flow: FlowKey?, isQuoted: Bool) {
        guard let source = sight.source else { return (nil, false) }
        if sight.hasPorts {
            let flow = FlowKey(
                client: source, clientPort: sight.sourcePort, servicePort: sight.destinationPort,
                proto: sight.proto)
            return (flow, false)
        }
        guard let quoted = sight.quoted else { return (nil, false) }
        let flow = FlowKey(
            client: quoted.destination, clientPort: quoted.destinationPort,
            servicePort: quoted.sourcePort, proto: quoted.proto)
        return (flow, true)
    }

    /// The bytes that are hashed, in order: ports, the client's address, the protocol; lowest byte
    /// of each number first. Over IPv6 the address comes first.
    public var bytes: [UInt8] {
        func little(_ value: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
        }
        let ports =
            little(UInt64(clientPort.rawValue), 2) + little(UInt64(servicePort.rawValue), 2)
        if client.isIPv4Mapped {
            return ports + little(client.low & 0xffff_ffff, 4) + [proto.rawValue]
        }
        return little(client.high, 8) + little(client.low, 8) + ports + [proto.rawValue]
    }
}
