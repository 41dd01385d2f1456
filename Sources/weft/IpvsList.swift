// `weft ipvs list`: what `ipvsadm -L` would print, of rules alone or after a trace went through them.
// The flags are ipvsadm's and are handed on to its grammar, which also says what goes with what.

import ArgumentParser
import Capture
import Dataplane
import Ipvsadm
import Replay

struct IpvsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Print what ipvsadm -L prints, with the counts that a trace makes.")

    @OptionGroup var director: IpvsOptions

    @Option(
        name: [.customShort("i"), .long],
        help: ArgumentHelp("Trace to replay first; - for standard input.", valueName: "file"),
        completion: .file())
    var input: String?

    @OptionGroup var trace: IpvsTraceOptions

    @Option(name: [.customShort("t"), .long], help: "List only this service.")
    var tcpService: String?
    @Option(name: [.customShort("u"), .long], help: "List only this service.")
    var udpService: String?
    @Option(help: "List only this service.")
    var sctpService: String?
    @Option(name: [.customShort("f"), .long], help: "List only the service of this mark.")
    var fwmarkService: String?
    @Flag(name: [.customShort("6"), .customLong("ipv6")], help: "The mark is of IPv6.")
    var isIPv6 = false

    @Flag(name: [.customShort("n"), .long], help: "Numbers for hosts and ports.")
    var numeric = false
    @Flag(name: [.customShort("c"), .long], help: "Connections at the end of the trace.")
    var connection = false
    @Flag(help: "Connections, packets and bytes counted.")
    var stats = false
    @Flag(help: "Connections, packets and bytes a second, as the kernel estimates them.")
    var rate = false
    @Flag(help: "Thresholds of real servers.")
    var thresholds = false
    @Flag(help: "Templates of real servers.")
    var persistentConn = false
    @Flag(help: "Tunnels to real servers.")
    var tunInfo = false
    @Flag(help: "Timeouts of TCP, TCP after FIN, and UDP.")
    var timeout = false
    @Flag(name: [.customShort("X"), .long], help: "Counters in full.")
    var exact = false
    @Flag(help: "In the order of the rules.")
    var nosort = false

    func validate() throws { try trace.checkInputs(input, director) }

    func run() throws {
        let names = IpvsOptions.names
        let request: ListRequest
        do throws(IpvsadmError) {
            guard case .list(let read) = try IpvsadmCommand(words, names: names) else { return }
            request = read
        } catch {
            throw Message.fail(error, Exit.usage)
        }
        var replayer = try director.replayer(trace.replayOptions)
        if let input { try replay(&replayer, input) }
        let session = IpvsadmSession(
            replayer.runner.rules, rates: replayer.runner.rates,
            connections: replayer.runner.connectionEntries(), names: names)
        let text: String
        do throws(IpvsadmError) {
            text = try session.text(request)
        } catch {
            throw Message.fail(error, Exit.assertion)
        }
        try Output.put(text)
    }

    /// The flags as ipvsadm takes them.
    private var words: [String] {
        var words = ["-L"]
        let services = [
            ("-t", tcpService), ("-u", udpService), ("--sctp-service", sctpService),
            ("-f", fwmarkService),
        ]
        for (option, service) in services {
            if let service { words += [option, service] }
        }
        let flags = [
            ("-6", isIPv6), ("-n", numeric), ("-c", connection), ("--stats", stats),
            ("--rate", rate), ("--thresholds", thresholds),
            ("--persistent-conn", persistentConn), ("--tun-info", tunInfo),
            ("--timeout", timeout), ("--exact", exact), ("--nosort", nosort),
        ]
        return words + flags.filter(\.1).map(\.0)
    }

    private func replay(_ replayer: inout DirectorReplayer, _ input: String) throws {
        let progress = Progress()
        var observer = NoDirectorObserver()
        do throws(CaptureError) {
            defer { progress.clear() }
            try replayer.replay(
                path: input, observer: &observer, clock: Clock.nanoseconds,
                progress: progress.goesOn)
        } catch {
            throw Message.fail(error, error.inputExit)
        }
        if let truncation = replayer.truncation { Message.write("\(truncation)") }
    }
}
