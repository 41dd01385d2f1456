// A director's rules and one ipvsadm after another run on them: words in; text for standard output,
// text for standard error and an exit code out. It reads and writes nothing itself.
//
// Invariant: rules change only when the exit code is 0.

import Dataplane

public struct IpvsadmSession: Sendable {
    public var rules: DirectorRules
    /// What `-L --rate` shows.
    public var rates: RateBook
    /// What `-Lc` lists, in this order.
    public var connections: [ConnectionEntry]
    public var names: NameTable
    /// How messages call the program.
    public var program: String

    public init(
        _ rules: DirectorRules, rates: RateBook = RateBook(),
        connections: [ConnectionEntry] = [], names: NameTable = NameTable(),
        program: String = "ipvsadm"
    ) {
        self.rules = rules
        self.rates = rates
        self.connections = connections
        self.names = names
        self.program = program
    }

    public struct Outcome: Hashable, Sendable {
        /// For standard output.
        public var output = ""
        /// For standard error.
        public var message = ""
        public var exitCode: Int32 = 0
        public var hasChangedRules = false
    }

    /// Runs one command; `input` is standard input, asked for only by `-R`.
    public mutating func run(_ words: [String], input: () -> String = { "" }) -> Outcome {
        do throws(IpvsadmError) {
            return try perform(
                try IpvsadmCommand(words, program: program, names: names), input)
        } catch {
            return Outcome(message: error.message + "\n", exitCode: error.exitCode)
        }
    }

    private mutating func perform(
        _ command: IpvsadmCommand, _ input: () -> String
    ) throws(IpvsadmError) -> Outcome {
        switch command {
        case .help: return Outcome(output: Usage.text(program: program))
        case .version: return Outcome(output: Usage.version)
        case .list(let request): return Outcome(output: try text(request))
        case .save(let isNumeric):
            let listing = RuleListing(names: names, isNumeric: isNumeric)
            return Outcome(output: listing.text(ListedService.all(of: rules)))
        case .startDaemon:
            throw .refused("There is no other director to synchronize connections with")
        case .stopDaemon: throw .refused("No daemon is running")
        case .restore: try restore(input())
        default: try rules.apply(command)
        }
        return Outcome(hasChangedRules: true)
    }

    private mutating func restore(_ text: String) throws(IpvsadmError) {
        do throws(RulesFileError) {
            try rules.restore(text, file: "<stdin>", names: names)
        } catch {
            throw IpvsadmError(error.description, exitCode: error.error.exitCode)
        }
    }

    /// What `-L` prints.
    public func text(_ request: ListRequest) throws(IpvsadmError) -> String {
        let listing = ServiceListing(request, names: names)
        switch request.subject {
        case .everything:
            return ServiceListing.banner + listing.text(ListedService.all(of: rules, rates))
        case .service(let key):
            let service = ListedService.all(of: rules, rates).first { $0.rule.key == key }
            guard let service else {
                throw IpvsadmError(IpvsadmError.noSuchService, exitCode: 1)
            }
            return listing.text([service])
        case .connections:
            return ConnectionListing(request, names: names).text(connections)
        case .timeouts:
            let settings = rules.settings
            return "Timeout (tcp tcpfin udp): \(settings.tcpTimeout) \(settings.tcpFinTimeout)"
                + " \(settings.udpTimeout)\n"
        case .daemons: return ""
        }
    }
}
