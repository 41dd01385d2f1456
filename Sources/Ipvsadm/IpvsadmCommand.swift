// One invocation of ipvsadm as it was asked for: read, checked for what the arguments alone can tell,
// and not yet applied. The names of scheduler and persistence engine stay text, for the kernel, which
// knows whether they exist, finds other faults before that one.

import Dataplane
import Wire

public enum IpvsadmCommand: Hashable, Sendable {
    case addService(ServiceRequest)
    case editService(ServiceRequest)
    case deleteService(VirtualServerKey)
    case clear
    case addServer(RealServerRule, of: VirtualServerKey)
    case editServer(RealServerRule, of: VirtualServerKey)
    case deleteServer(IPAddress, Port, of: VirtualServerKey)
    case list(ListRequest)
    /// Counters, of one service or of all.
    case zero(VirtualServerKey?)
    case setTimeouts(TimeoutRequest)
    /// Reads more commands from standard input.
    case restore
    case save(isNumeric: Bool)
    /// Synchronization with another director.
    case startDaemon
    case stopDaemon
    case help
    case version
}

/// What `-A` and `-E` say of a service.
public struct ServiceRequest: Hashable, Sendable {
    public var key: VirtualServerKey
    public var scheduler: String
    public var flags: SchedulerFlags
    /// Nil when clients are not remembered.
    public var persistenceSeconds: UInt32?
    /// IPv4: the mask's bits; IPv6: the prefix length.
    public var netmask: UInt32
    public var isOnePacket: Bool
    public var engine: String?
}

/// In seconds; 0 leaves a timeout as it is.
public struct TimeoutRequest: Hashable, Sendable {
    public var tcp: UInt32
    public var tcpFin: UInt32
    public var udp: UInt32
}

/// What `-L` is to show.
public struct ListRequest: Hashable, Sendable {
    public enum Subject: Hashable, Sendable {
        case everything
        case service(VirtualServerKey)
        case connections
        case timeouts
        /// Of synchronization.
        case daemons
    }

    /// In order of precedence: of several the first one counts.
    public enum Columns: Int, Hashable, Sendable, CaseIterable {
        case stats, rate, thresholds, persistentConnections, tunnels, plain
    }

    public var subject = Subject.everything
    public var columns = Columns.plain
    /// Of connections: with the columns of persistence engines.
    public var hasEngines = false
    public var isNumeric = false
    public var isExact = false
    public var isSorted = true

    public init() {}
}
