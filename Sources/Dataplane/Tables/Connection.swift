// What a director remembers of one connection, or of one client of a persistent service: 56 bytes
// for IPv4, 96 for IPv6. The counterpart of `struct ip_vs_conn` (include/net/ip_vs.h).
//
// Invariant: a place that is not in use holds nothing but the next free one and its place in the
// queue. `control` is the index
// of the template that brought the connection about, and in a template the number of connections
// that name it; a template with such connections is never removed.

import Wire

/// A connection's place in its table; stays valid until the connection ends.
package struct ConnectionIndex: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt32
    @inline(__always) package init(rawValue: UInt32) { self.rawValue = rawValue }
    @inline(__always) init(_ value: Int) { rawValue = UInt32(truncatingIfNeeded: value) }
    /// Stands where there is no connection.
    @inline(__always) static var none: Self { Self(rawValue: .max) }
    @inline(__always) var place: Int { Int(rawValue) }
}

/// What makes packets from a client one connection's.
package struct ClientFlow<Address: FlowAddress>: Hashable, Sendable {
    package var proto: IPProtocol
    package var client: Address
    package var clientPort: Port
    package var virtual: Address
    package var virtualPort: Port

    package init(
        _ proto: IPProtocol, client: Address, _ clientPort: Port, virtual: Address,
        _ virtualPort: Port
    ) {
        self.proto = proto
        self.client = client
        self.clientPort = clientPort
        self.virtual = virtual
        self.virtualPort = virtualPort
    }
}

struct ConnectionFlags: OptionSet {
    var rawValue: UInt8
    /// How packets are forwarded, as the server's rule said when the connection was made.
    static let method = Self(rawValue: 0x03)
    static let template = Self(rawValue: 0x04)
    static let onePacket = Self(rawValue: 0x08)
    /// Replies do not come this way, as far as is known.
    static let noOutput = Self(rawValue: 0x10)
    static let active = Self(rawValue: 0x20)
    static let inUse = Self(rawValue: 0x40)
    /// The place, in use or not, stands in the queue of those that may have to give way.
    static let queued = Self(rawValue: 0x80)

    enum Method: UInt8 {
        case masquerade, directRouting, tunnel, bypass

        init(_ method: ForwardingMethod) {
            switch method {
            case .masquerade: self = .masquerade
            case .directRouting: self = .directRouting
            case .tunnel: self = .tunnel
            }
        }
    }

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ method: Method, _ rest: Self) { rawValue = method.rawValue | rest.rawValue }
}

struct Connection<Address: FlowAddress>: Sendable {
    // What every packet wants stands together, so that it is seldom in two cache lines.
    var client: Address
    var virtual: Address
    /// Unused when the server is of the other family, or when there is none.
    var server: Address
    var clientPort: Port
    var virtualPort: Port
    var serverPort: Port
    var proto: IPProtocol
    /// A `TCPState` or `SCTPState`; in a template 1 once a connection of it was established.
    var state: UInt8
    var flags: ConnectionFlags
    /// Packets from the client, as far as 255.
    var packetCount: UInt8
    var slot: UInt16
    /// `.none` when the connection bypasses all servers.
    var realServer: RealServerIndex
    /// The low half of the tick at which the connection ends.
    var deadline: UInt32
    /// Ticks that the next packet puts the deadline off to.
    var timeout: UInt32
    /// The next in the same bucket, or the next free place.
    var chain: ConnectionIndex
    /// The neighbours in a slot of the timing wheel.
    var next: ConnectionIndex
    var previous: ConnectionIndex
    /// The place behind this one in the queue of those that may have to give way.
    var behind: ConnectionIndex
    var control: UInt32

    /// A new one, in its first state, bound to nothing.
    init(_ flow: ClientFlow<Address>, flags: ConnectionFlags) {
        client = flow.client
        virtual = flow.virtual
        server = Address(mapped: IPv6Address(high: 0, low: 0))
        realServer = .none
        chain = .none
        next = .none
        previous = .none
        behind = .none
        deadline = 0
        timeout = Self.firstTimeout
        control = flags.contains(.template) ? 0 : ConnectionIndex.none.rawValue
        clientPort = flow.clientPort
        virtualPort = flow.virtualPort
        serverPort = Port(0)
        slot = 0
        proto = flow.proto
        state = 0
        self.flags = flags.union(.inUse)
        packetCount = 0
    }

    /// Until a packet's state says otherwise.
    static var firstTimeout: UInt32 { 300 }
    /// What is left to a template that still has connections when its time is over.
    static var heldTimeout: UInt32 { 6_000 }
    @inline(__always) var isInUse: Bool { flags.contains(.inUse) }
    @inline(__always) var isTemplate: Bool { flags.contains(.template) }
    @inline(__always) var isOnePacket: Bool { flags.contains(.onePacket) }
    @inline(__always) var isActive: Bool { flags.contains(.active) }
    @inline(__always)
    var method: ConnectionFlags.Method {
        ConnectionFlags.Method(rawValue: flags.rawValue & 0x03) ?? .bypass
    }
    /// Connections that name this template.
    @inline(__always) var controlledCount: UInt32 { isTemplate ? control : 0 }
    /// The template that this connection names.
    @inline(__always)
    var template: ConnectionIndex { isTemplate ? .none : ConnectionIndex(rawValue: control) }

    /// Whether it is what comes from this address and port that answers the client.
    @inline(__always)
    func answers(from address: Address, _ port: Port) -> Bool {
        method == .masquerade
            ? serverPort == port && server == address : virtualPort == port && virtual == address
    }

    @inline(__always)
    func matches(_ flow: ClientFlow<Address>) -> Bool {
        client == flow.client && clientPort == flow.clientPort && virtual == flow.virtual
            && virtualPort == flow.virtualPort && proto == flow.proto
    }
}
