// Which options go with which command and with which kind of tunnel. Kinds are checked in the order
// of their declaration, so that of several faults the same one is reported as by ipvsadm.
//
// Several options may be of one kind (`-t` and `-f` both say which service), which may be given once.

enum OptionKind: Int, CaseIterable {
    case numeric, connection, service, scheduler, persistent, netmask, server, forward, weight
    case upperThreshold, lowerThreshold, mcast, timeout, daemon, stats, rate, thresholds
    case persistentConn, noSort, syncID, exact, onePacket, persistenceEngine, schedulerFlags
    case mcastGroup, mcastPort, mcastTTL, syncMaxlen, tunInfo
    case tunType, tunPort, tunNoChecksum, tunChecksum, tunRemoteChecksum

    /// As messages name it.
    var name: String {
        switch self {
        case .service: "service-address"
        case .server: "real-server"
        case .forward: "forwarding-method"
        case .mcast: "mcast-interface"
        default: Option.allCases.first { $0.kind == self }?.spelling.long ?? ""
        }
    }
}

struct OptionKinds: OptionSet {
    var rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }
    init(_ kinds: [OptionKind]) { rawValue = kinds.reduce(0) { $0 | 1 << UInt64($1.rawValue) } }

    func contains(_ kind: OptionKind) -> Bool { contains(Self([kind])) }

    static let tunnel = Self([
        .tunType, .tunPort, .tunNoChecksum, .tunChecksum, .tunRemoteChecksum,
    ])
}

/// What must, may, and may alone be given; everything else is illegal.
struct OptionRule {
    var required: [OptionKind] = []
    var allowed: [OptionKind] = []
    /// At most one of these.
    var exclusive: [OptionKind] = []

    /// Checks `given`; `place` ends each message, as in "the 'list' command".
    func check(_ given: OptionKinds, among kinds: [OptionKind], _ place: String)
        throws(IpvsadmError)
    {
        var last: OptionKind?
        for kind in kinds {
            guard given.contains(kind) else {
                if required.contains(kind) {
                    throw .usage("You need to supply the '\(kind.name)' option for \(place)")
                }
                continue
            }
            if exclusive.contains(kind) {
                if let last {
                    throw .usage(
                        "The option '\(kind.name)' conflicts with the '\(last.name)' option in "
                            + place)
                }
                last = kind
            } else if !required.contains(kind), !allowed.contains(kind) {
                throw .usage("Illegal '\(kind.name)' option with \(place)")
            }
        }
    }
}

extension Option {
    /// Nil for commands, and for what may stand anywhere.
    var kind: OptionKind? {
        switch self {
        case .tcpService, .udpService, .sctpService, .markService: .service
        case .scheduler: .scheduler
        case .persistent: .persistent
        case .netmask: .netmask
        case .realServer: .server
        case .masquerading, .ipip, .gatewaying: .forward
        case .weight: .weight
        case .upperThreshold: .upperThreshold
        case .lowerThreshold: .lowerThreshold
        case .numeric: .numeric
        case .connection: .connection
        case .mcastInterface: .mcast
        case .syncID: .syncID
        case .timeout: .timeout
        case .daemon: .daemon
        case .stats: .stats
        case .rate: .rate
        case .thresholds: .thresholds
        case .persistentConn: .persistentConn
        case .noSort: .noSort
        case .exact: .exact
        case .onePacket: .onePacket
        case .persistenceEngine: .persistenceEngine
        case .schedulerFlags: .schedulerFlags
        case .mcastGroup: .mcastGroup
        case .mcastPort: .mcastPort
        case .mcastTTL: .mcastTTL
        case .syncMaxlen: .syncMaxlen
        case .tunInfo: .tunInfo
        case .tunType: .tunType
        case .tunPort: .tunPort
        case .tunNoChecksum: .tunNoChecksum
        case .tunChecksum: .tunChecksum
        case .tunRemoteChecksum: .tunRemoteChecksum
        default: nil
        }
    }

    /// Of a command.
    func check(_ given: OptionKinds) throws(IpvsadmError) {
        let name = self == .clear ? "flush" : spelling.long
        try rule.check(given, among: OptionKind.allCases, "the '\(name)' command")
    }

    private var rule: OptionRule {
        switch self {
        case .addService, .editService:
            OptionRule(
                required: [.service],
                allowed: [
                    .scheduler, .persistent, .netmask, .onePacket, .persistenceEngine,
                    .schedulerFlags,
                ])
        case .deleteService: OptionRule(required: [.service])
        case .list:
            OptionRule(
                allowed: [
                    .numeric, .stats, .rate, .thresholds, .persistentConn, .noSort, .syncID,
                    .exact, .tunInfo,
                ], exclusive: [.connection, .service, .timeout, .daemon])
        case .addServer, .editServer:
            OptionRule(
                required: [.service, .server],
                allowed: [
                    .forward, .weight, .upperThreshold, .lowerThreshold, .tunType, .tunPort,
                    .tunNoChecksum, .tunChecksum, .tunRemoteChecksum,
                ])
        case .deleteServer: OptionRule(required: [.service, .server])
        case .startDaemon:
            OptionRule(allowed: [.mcast, .syncID, .mcastGroup, .mcastPort, .mcastTTL, .syncMaxlen])
        case .stopDaemon: OptionRule(allowed: [.syncID])
        case .save: OptionRule(allowed: [.numeric])
        case .zero: OptionRule(allowed: [.service])
        default: OptionRule()
        }
    }
}
