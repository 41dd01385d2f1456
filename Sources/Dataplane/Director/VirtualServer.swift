// A virtual server (ipvsadm says virtual service): what clients connect to, and the rule by which
// its connections are shared out. `VirtualServerRule` is what an administrator says (one line of
// `ipvsadm -A`), `VirtualServer` what the director keeps of it while it runs.
//
// Invariant: `order` lists the service's real servers as the kernel keeps them, the newest first,
// and names no server of another service.

import Wire

/// What makes a packet one of the service's.
public enum VirtualServerKey: Hashable, Sendable {
    /// Sent to an address and port; port 0 takes every port that no other service names.
    case address(IPAddress, Port, IPProtocol)
    /// Marked so by a `MarkRule`, in one family. The mark is never 0.
    case mark(UInt32, isIPv4: Bool)

    public var isIPv4: Bool {
        switch self {
        case .address(.v4, _, _): true
        case .address(.v6, _, _): false
        case .mark(_, let isIPv4): isIPv4
        }
    }
}

/// Connections of one client, or of one network of clients, stay on one real server.
public struct Persistence: Hashable, Sendable {
    /// How long after its last connection a client is remembered.
    public var timeoutSeconds: UInt32
    /// Clients whose first bits agree count as one: 0...32 or 0...128.
    public var prefixLength: Int

    public init(timeoutSeconds: UInt32, prefixLength: Int) {
        self.timeoutSeconds = timeoutSeconds
        self.prefixLength = prefixLength
    }
}

/// A virtual service as it is configured.
public struct VirtualServerRule: Hashable, Sendable {
    public var key: VirtualServerKey
    public var scheduler: Scheduler
    public var flags: SchedulerFlags
    public var persistence: Persistence?
    /// Every packet is a connection of its own (`-o`); UDP and marks only.
    public var isOnePacket: Bool

    public init(
        _ key: VirtualServerKey, scheduler: Scheduler = .weightedLeastConnection,
        flags: SchedulerFlags = [], persistence: Persistence? = nil, isOnePacket: Bool = false
    ) {
        self.key = key
        self.scheduler = scheduler
        self.flags = flags
        self.persistence = persistence
        self.isOnePacket = isOnePacket
    }
}

/// A virtual service as it runs.
public struct VirtualServer: Sendable {
    public internal(set) var rule: VirtualServerRule
    /// False once it was deleted: the place is free.
    public internal(set) var isPresent = true
    /// Its real servers, the newest first.
    public internal(set) var order: [RealServerIndex] = []
    /// What the scheduler remembers from one connection to the next.
    var memory = SchedulerMemory()
    public internal(set) var counters = ServiceCounters()

    init(rule: VirtualServerRule) { self.rule = rule }
}

/// A virtual server's place in `DirectorRules.virtualServers`; stays valid until it is deleted.
public struct VirtualServerIndex: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ value: Int) { rawValue = UInt32(truncatingIfNeeded: value) }
    /// Stands where there is no virtual server.
    @inlinable public static var none: Self { Self(rawValue: .max) }
}
