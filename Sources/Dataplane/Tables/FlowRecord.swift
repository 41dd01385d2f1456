// What the owner remembers of a flow, in 32 bytes for IPv4 and 64 for IPv6.
//
// The key is the flow as the task sees it: protocol, client address and port, the task's endpoint
// and port. The rest is what the reply needs: where the client had sent to and which node the
// packets came in by. Invariant: a record whose protocol
// is zero has never been used.

import Wire

/// A flow as the task sees it.
public struct TaskFlow: Hashable, Sendable {
    public var client: IPv6Address
    public var clientPort: Port
    public var targetPort: Port
    public var endpoint: EndpointIndex
    public var proto: IPProtocol

    public init(
        client: IPv6Address, clientPort: Port, targetPort: Port, endpoint: EndpointIndex,
        proto: IPProtocol
    ) {
        self.client = client
        self.clientPort = clientPort
        self.targetPort = targetPort
        self.endpoint = endpoint
        self.proto = proto
    }

    /// All of it but the client's address and the protocol, in one word.
    @inline(__always)
    var ports: UInt64 {
        UInt64(endpoint.rawValue) &<< 32 | UInt64(clientPort.rawValue) &<< 16
            | UInt64(targetPort.rawValue)
    }

    /// Where the flow stands in a table with this key.
    @inline(__always)
    func hash(_ key: HashKey) -> UInt64 {
        let low = FoldedMultiply.hash(client.low ^ UInt64(proto.rawValue) &<< 48, ports, key)
        return client.isIPv4Mapped ? low : FoldedMultiply.hash(client.high, low, key)
    }
}

/// How far a flow has come; decides how long it is remembered without traffic.
public enum FlowState: UInt8, Sendable {
    /// A TCP SYN or an SCTP INIT and nothing since.
    case opening
    case established
    /// Both sides have closed, or either has reset.
    case closed
    /// No connection to speak of: UDP.
    case datagram

    /// The bit that the two open states have and the others have not.
    static var open: UInt8 { established.rawValue & datagram.rawValue }

    /// The conntrack defaults (net.netfilter.nf_conntrack_*), but for established flows, which
    /// IPVS forgets after 15 minutes and conntrack after five days: state here is 32 bytes.
    @inlinable public var timeoutSeconds: UInt32 {
        switch self {
        case .opening: 120
        case .established: 432_000
        case .closed: 30
        case .datagram: 180
        }
    }
}

/// What a reply needs.
public struct FlowOrigin: Hashable, Sendable {
    /// The address the client sent to.
    public var address: IPv6Address
    public var port: Port
    /// The node the flow's packets come in by.
    public var entry: NodeIndex
    /// The service it reached, for the counters.
    public var service: VirtualServiceIndex

    public init(
        address: IPv6Address, port: Port, entry: NodeIndex, service: VirtualServiceIndex
    ) {
        self.address = address
        self.port = port
        self.entry = entry
        self.service = service
    }
}

/// An address as a record holds it: four bytes or sixteen.
package protocol FlowAddress: Hashable, Sendable {
    init(mapped: IPv6Address)
    var mapped: IPv6Address { get }
}

extension IPv4Address: FlowAddress {
    @inline(__always) package init(mapped: IPv6Address) { self = mapped.mappedIPv4 }
    @inline(__always) package var mapped: IPv6Address { IPv6Address(mapped: self) }
}

extension IPv6Address: FlowAddress {
    @inline(__always) package init(mapped: IPv6Address) { self = mapped }
    @inline(__always) package var mapped: IPv6Address { self }
}

struct FlowRecord<Address: FlowAddress>: Sendable {
    private var client: Address
    private var address: Address
    /// The flow's endpoint and ports, as `TaskFlow.ports` has them.
    private var ports: UInt64
    private var service: VirtualServiceIndex
    /// Seconds on the clock that `process` is given.
    var lastSeen: UInt32
    private var port: Port
    private var entry: NodeIndex
    private var proto: IPProtocol
    private var stateBits: UInt8

    init(_ flow: TaskFlow, origin: FlowOrigin, state: FlowState, now: UInt32) {
        client = Address(mapped: flow.client)
        address = Address(mapped: origin.address)
        ports = flow.ports
        service = origin.service
        lastSeen = now
        port = origin.port
        entry = origin.entry
        proto = flow.proto
        stateBits = state.rawValue
    }

    /// A free record.
    static var empty: Self {
        let zero = IPv6Address(high: 0, low: 0)
        let flow = TaskFlow(
            client: zero, clientPort: Port(0), targetPort: Port(0),
            endpoint: EndpointIndex(rawValue: 0), proto: IPProtocol(rawValue: 0))
        let origin = FlowOrigin(
            address: zero, port: Port(0), entry: NodeIndex(0), service: VirtualServiceIndex(0))
        return Self(flow, origin: origin, state: .opening, now: 0)
    }

    var isFree: Bool { proto.rawValue == 0 }

    @inline(__always)
    func matches(_ flow: TaskFlow) -> Bool {
        ports == flow.ports && client.mapped == flow.client && proto == flow.proto
    }

    func isExpired(_ now: UInt32) -> Bool {
        now > lastSeen && now - lastSeen > state.timeoutSeconds
    }

    /// Whether it is sure that the flow is open and not expired, told without asking which of the open
    /// states it is in: datagrams have the shorter timeout.
    @inline(__always)
    func isLively(_ now: UInt32) -> Bool {
        stateBits & FlowState.open != 0 && now &- lastSeen <= FlowState.datagram.timeoutSeconds
    }

    var flow: TaskFlow {
        TaskFlow(
            client: client.mapped,
            clientPort: Port(UInt16(truncatingIfNeeded: ports &>> 16)),
            targetPort: Port(UInt16(truncatingIfNeeded: ports)),
            endpoint: EndpointIndex(rawValue: UInt32(truncatingIfNeeded: ports &>> 32)),
            proto: proto)
    }

    var origin: FlowOrigin {
        get {
            FlowOrigin(address: address.mapped, port: port, entry: entry, service: service)
        }
        set {
            address = Address(mapped: newValue.address)
            port = newValue.port
            entry = newValue.entry
            service = newValue.service
        }
    }

    /// Whether the client still sends to the same address and port.
    @inline(__always)
    func hasTarget(of origin: FlowOrigin) -> Bool {
        port == origin.port && address.mapped == origin.address
    }

    /// Notes the node that packets come in by now.
    @inline(__always)
    mutating func move(to node: NodeIndex) { entry = node }

    var state: FlowState {
        get { FlowState(rawValue: stateBits & 0x0f) ?? .closed }
        set { stateBits = stateBits & 0xf0 | newValue.rawValue }
    }

    /// Notes that one side has sent its last; with both, the flow is closed.
    mutating func close(_ side: FlowSide) {
        stateBits |= side.rawValue
        if stateBits & 0x30 == 0x30 { state = .closed }
    }
}

/// The two directions of a flow.
enum FlowSide: UInt8 {
    case client = 0x10
    case task = 0x20
}
