// The options of ipvsadm 1.31: their letters and long names, whether they take an argument, and the
// kind that the rules of combination (OptionRules.swift) know them by.
//
// Invariant: long names are matched whole, as popt does; there are no abbreviations.

enum Option: CaseIterable {
    // Commands: the first option must be one of these, and no other may be.
    case addService, editService, deleteService, clear, list, zero
    case addServer, editServer, deleteServer
    case set, help, version, restore, save, startDaemon, stopDaemon
    // What a command is about.
    case tcpService, udpService, sctpService, markService
    case scheduler, persistent, netmask, realServer
    case masquerading, ipip, gatewaying
    case weight, upperThreshold, lowerThreshold
    case numeric, connection
    case mcastInterface, syncID
    case timeout, daemon, stats, rate, thresholds, persistentConn, noSort, sort, exact
    case ipv6, onePacket, persistenceEngine, schedulerFlags
    case mcastGroup, mcastPort, mcastTTL, syncMaxlen
    case tunInfo, tunType, tunPort, tunNoChecksum, tunChecksum, tunRemoteChecksum

    enum Argument {
        case none, required
        /// Taken if there is one that does not start with a hyphen.
        case optional
    }

    struct Spelling {
        var long: String
        var letters: String = ""
        var argument = Argument.none
    }

    var spelling: Spelling {
        switch self {
        case .addService: Spelling(long: "add-service", letters: "A")
        case .editService: Spelling(long: "edit-service", letters: "E")
        case .deleteService: Spelling(long: "delete-service", letters: "D")
        case .clear: Spelling(long: "clear", letters: "C")
        case .list: Spelling(long: "list", letters: "Ll")
        case .zero: Spelling(long: "zero", letters: "Z")
        case .addServer: Spelling(long: "add-server", letters: "a")
        case .editServer: Spelling(long: "edit-server", letters: "e")
        case .deleteServer: Spelling(long: "delete-server", letters: "d")
        case .set: Spelling(long: "set")
        case .help: Spelling(long: "help", letters: "h")
        case .version: Spelling(long: "version", letters: "v")
        case .restore: Spelling(long: "restore", letters: "R")
        case .save: Spelling(long: "save", letters: "S")
        case .startDaemon: Spelling(long: "start-daemon", argument: .required)
        case .stopDaemon: Spelling(long: "stop-daemon", argument: .required)
        default: parameterSpelling
        }
    }

    private var parameterSpelling: Spelling {
        switch self {
        case .tcpService: Spelling(long: "tcp-service", letters: "t", argument: .required)
        case .udpService: Spelling(long: "udp-service", letters: "u", argument: .required)
        case .sctpService: Spelling(long: "sctp-service", argument: .required)
        case .markService: Spelling(long: "fwmark-service", letters: "f", argument: .required)
        case .scheduler: Spelling(long: "scheduler", letters: "s", argument: .required)
        case .persistent: Spelling(long: "persistent", letters: "p", argument: .optional)
        case .netmask: Spelling(long: "netmask", letters: "M", argument: .required)
        case .realServer: Spelling(long: "real-server", letters: "r", argument: .required)
        case .masquerading: Spelling(long: "masquerading", letters: "m")
        case .ipip: Spelling(long: "ipip", letters: "i")
        case .gatewaying: Spelling(long: "gatewaying", letters: "g")
        case .weight: Spelling(long: "weight", letters: "w", argument: .required)
        case .upperThreshold: Spelling(long: "u-threshold", letters: "x", argument: .required)
        case .lowerThreshold: Spelling(long: "l-threshold", letters: "y", argument: .required)
        case .ipv6: Spelling(long: "ipv6", letters: "6")
        case .onePacket: Spelling(long: "ops", letters: "o")
        case .persistenceEngine: Spelling(long: "pe", argument: .required)
        case .schedulerFlags: Spelling(long: "sched-flags", letters: "b", argument: .required)
        case .tunType: Spelling(long: "tun-type", argument: .required)
        case .tunPort: Spelling(long: "tun-port", argument: .required)
        case .tunNoChecksum: Spelling(long: "tun-nocsum")
        case .tunChecksum: Spelling(long: "tun-csum")
        case .tunRemoteChecksum: Spelling(long: "tun-remcsum")
        default: listingSpelling
        }
    }

    private var listingSpelling: Spelling {
        switch self {
        case .numeric: Spelling(long: "numeric", letters: "n")
        case .connection: Spelling(long: "connection", letters: "c")
        case .timeout: Spelling(long: "timeout")
        case .daemon: Spelling(long: "daemon")
        case .stats: Spelling(long: "stats")
        case .rate: Spelling(long: "rate")
        case .thresholds: Spelling(long: "thresholds")
        case .persistentConn: Spelling(long: "persistent-conn")
        case .noSort: Spelling(long: "nosort")
        case .sort: Spelling(long: "sort")
        case .exact: Spelling(long: "exact", letters: "X")
        case .tunInfo: Spelling(long: "tun-info")
        case .mcastInterface: Spelling(long: "mcast-interface", argument: .required)
        case .syncID: Spelling(long: "syncid", argument: .required)
        case .mcastGroup: Spelling(long: "mcast-group", argument: .required)
        case .mcastPort: Spelling(long: "mcast-port", argument: .required)
        case .mcastTTL: Spelling(long: "mcast-ttl", argument: .required)
        default: Spelling(long: "sync-maxlen", argument: .required)
        }
    }

    private static let spellings = allCases.map { (option: $0, spelling: $0.spelling) }

    static func named(_ name: some StringProtocol) -> (option: Option, argument: Argument)? {
        spellings.first { $0.spelling.long == name }.map { ($0.option, $0.spelling.argument) }
    }

    static func lettered(_ letter: Character) -> (option: Option, argument: Argument)? {
        spellings.first { $0.spelling.letters.contains(letter) }
            .map { ($0.option, $0.spelling.argument) }
    }
}
