// Words to a command: takes the options one by one, then checks them together, in the order in which
// ipvsadm 1.31 does, so that of several faults the same one is reported.

import Dataplane
import Wire

extension IpvsadmCommand {
    /// Reads the words after the program's name. Without any, the table is listed. `program` is how
    /// messages call the program.
    public init(
        _ words: [String], program: String = "ipvsadm", names: NameTable = NameTable()
    ) throws(IpvsadmError) {
        guard !words.isEmpty else {
            self = .list(ListRequest())
            return
        }
        var reader = OptionReader(words)
        guard case .option(let command, let argument) = reader.next(), command.isCommand else {
            throw .noCommand(program: program)
        }
        switch command {
        case .help: self = .help
        case .version: self = .version
        default:
            try Self.checkDaemonState(command, argument)
            self = try Self.read(command, &reader, names)
        }
    }

    private static func checkDaemonState(
        _ command: Option, _ state: String?
    ) throws(IpvsadmError) {
        if command == .startDaemon, state != "master", state != "backup" {
            throw .usage("illegal start-daemon parameter specified")
        }
        if command == .stopDaemon, state != "master", state != "backup" {
            throw .usage("illegal start_daemon specified")
        }
    }

    private static func read(
        _ command: Option, _ reader: inout OptionReader, _ names: NameTable
    ) throws(IpvsadmError) -> IpvsadmCommand {
        var draft = CommandDraft(names)
        reading: while true {
            switch reader.next() {
            case .option(let option, _) where option.isCommand:
                throw .usage("invalid option `\(reader.word)'")
            case .option(let option, let argument): try draft.read(option, argument)
            case .fault(let fault): throw .refused("\(reader.word): \(fault.rawValue)")
            case .end: break reading
            }
        }
        var arguments = reader.arguments[...]
        var timeouts = TimeoutRequest(tcp: 0, tcpFin: 0, udp: 0)
        if command == .set {
            guard arguments.count >= 3 else {
                throw .usage("--set option requires 3 timeout values")
            }
            let range = 0...CommandDraft.timeoutMax
            timeouts.tcp = try CommandDraft.timeout(arguments.removeFirst(), range)
            timeouts.tcpFin = try CommandDraft.timeout(arguments.removeFirst(), range)
            timeouts.udp = try CommandDraft.timeout(arguments.removeFirst(), range)
        }
        if let first = arguments.first { throw .usage("unexpected argument \(first)") }
        let flags = try SchedulerFlagText.flags(draft.schedulerFlags, draft.scheduler)
        try command.check(draft.given)
        return try finish(command, draft, flags, timeouts)
    }

    private static func finish(
        _ command: Option, _ draft: CommandDraft, _ flags: SchedulerFlags,
        _ timeouts: TimeoutRequest
    ) throws(IpvsadmError) -> IpvsadmCommand {
        switch command {
        case .addService: return .addService(try draft.serviceRequest(flags))
        case .editService: return .editService(try draft.serviceRequest(flags))
        case .deleteService: return .deleteService(draft.key)
        case .clear: return .clear
        case .addServer: return .addServer(try draft.serverRule(), of: draft.key)
        case .editServer: return .editServer(try draft.serverRule(), of: draft.key)
        case .deleteServer:
            return .deleteServer(draft.serverAddress, draft.serverPort, of: draft.key)
        case .list: return .list(try draft.listRequest())
        case .zero: return .zero(draft.given.contains(.service) ? draft.key : nil)
        case .set: return .setTimeouts(timeouts)
        case .restore: return .restore
        case .save: return .save(isNumeric: draft.list.isNumeric)
        case .startDaemon: return .startDaemon
        default: return .stopDaemon
        }
    }
}

extension Option {
    var isCommand: Bool {
        switch self {
        case .addService, .editService, .deleteService, .clear, .list, .zero, .addServer,
            .editServer, .deleteServer, .set, .help, .version, .restore, .save, .startDaemon,
            .stopDaemon:
            true
        default: false
        }
    }
}
