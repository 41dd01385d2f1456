// What the owner remembers of a flow, in 32 bytes for IPv4 and 56 for IPv6.
//
// The key is the flow as the task sees it: protocol, client address and port, the task's endpoint
// and port. The rest is what the reply needs: where the client had sent to and which node the
// packets came in by.
//
// A record also vouches: a packet of its flow, sent to the same address and port, was found to be for this
// task by the program of this generation, and would be again. Invariants: a record whose protocol is zero
// has never been used; generation zero vouches for nothing.

import Wire

struct FlowRecord<Address: FlowAddress>: Sendable {
    /// The client's, and the one it sends to.
    private var addresses: Address.Pair
    /// As `RequestFlow` has them.
    private var ends: UInt64
    private var service: VirtualServiceIndex
    /// Seconds on the clock that `process` is given.
    var lastSeen: UInt32
    /// The port of the task.
    private(set) var target: Port
    private var entry: NodeIndex
    private var proto: IPProtocol
    var state: FlowState
    /// Of the program that told what the flow is for.
    var generation: UInt16 = 0

    init(_ flow: TaskFlow, origin: FlowOrigin, state: FlowState, now: UInt32) {
        let addresses = Address.pair(
            Address(mapped: flow.client), Address(mapped: origin.address))
        let request = RequestFlow<Address>(
            addresses: addresses, ends: flow.ends | UInt64(origin.port.rawValue),
            proto: flow.proto)
        self.init(
            request, target: flow.targetPort, service: origin.service, entry: origin.entry,
            state: state, now: now)
    }

    @inline(__always)
    init(
        _ flow: RequestFlow<Address>, target: Port, service: VirtualServiceIndex,
        entry: NodeIndex, state: FlowState, now: UInt32
    ) {
        addresses = flow.addresses
        ends = flow.ends
        self.service = service
        lastSeen = now
        self.target = target
        self.entry = entry
        proto = flow.proto
        self.state = state
    }

    /// A free record.
    static var empty: Self {
        let zero = IPv6Address(high: 0, low: 0)
        let flow = TaskFlow(
            client: zero, clientPort: Port(0), targetPort: Port(0),
            endpoint: EndpointIndex(rawValue: 0), proto: IPProtocol(rawValue: 0))
        let origin = FlowOrigin(
            address: zero, port: Port(0), entry: NodeIndex(0), service: VirtualServiceIndex(0))
        return Self(flow, origin: origin, state: FlowState(first: .opening), now: 0)
    }

    private var client: Address { Address.first(of: addresses) }
    private var address: Address { Address.second(of: addresses) }

    var isFree: Bool { proto.rawValue == 0 }

    @inline(__always)
    func matches(_ flow: TaskFlow) -> Bool {
        (ends ^ flow.ends) &>> 16 == 0 && target == flow.targetPort
            && client.mapped == flow.client && proto == flow.proto
    }

    /// Whether it vouches for packets of a flow.
    @inline(__always)
    func vouches(for flow: RequestFlow<Address>, _ generation: UInt16) -> Bool {
        ends == flow.ends && addresses == flow.addresses && proto == flow.proto
            && self.generation == generation
    }

    func isExpired(_ now: UInt32) -> Bool {
        now > lastSeen && now - lastSeen > state.timeoutSeconds
    }

    /// Takes in a packet of a flow that it vouches for and that is neither closed nor can have expired; the
    /// task's port.
    @inline(__always)
    mutating func refresh(
        _ flow: RequestFlow<Address>, event: FlowEvent, entry: NodeIndex, generation: UInt16,
        now: UInt32
    ) -> Port? {
        guard vouches(for: flow, generation), !state.isClosed,
            now &- lastSeen <= FlowState.leastTimeoutSeconds
        else { return nil }
        state.add(event, from: .client)
        self.entry = entry
        lastSeen = now
        return target
    }

    var flow: TaskFlow {
        TaskFlow(
            client: client.mapped,
            clientPort: Port(UInt16(truncatingIfNeeded: ends &>> 16)), targetPort: target,
            endpoint: EndpointIndex(rawValue: UInt32(truncatingIfNeeded: ends &>> 32)),
            proto: proto)
    }

    var origin: FlowOrigin {
        get {
            FlowOrigin(address: address.mapped, port: port, entry: entry, service: service)
        }
        set {
            addresses = Address.pair(client, Address(mapped: newValue.address))
            ends = ends & ~0xffff | UInt64(newValue.port.rawValue)
            entry = newValue.entry
            service = newValue.service
        }
    }

    private var port: Port { Port(UInt16(truncatingIfNeeded: ends)) }

    /// Whether the client still sends to the same address and port.
    @inline(__always)
    func hasTarget(of origin: FlowOrigin) -> Bool {
        port == origin.port && address.mapped == origin.address
    }
}
