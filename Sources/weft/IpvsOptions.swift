// The options by which every `weft ipvs` verb is told what the director is: its rules, and what
// ipvsadm has no words for: sysctls, marks, links and addresses.

import ArgumentParser
import Dataplane
import Foundation
import Ipvsadm
import Replay
import Wire

struct IpvsOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Rules as `ipvsadm -S` prints and `ipvsadm -R` reads them; - for standard input.",
            discussion: """
                One command a line, -x, -y and --set included. Lines that start with # are comments.
                """, valueName: "file"), completion: .file())
    var rules: String

    @Option(
        help: ArgumentHelp(
            "Set what sysctl(8) sets, as in net.ipv4.vs.conn_reuse_mode=0. May be repeated.",
            valueName: "name=value"))
    var sysctl: [String] = []

    @Option(
        help: ArgumentHelp(
            "Mark packets before services are looked up, as in 'tcp 10.0.0.1:80=7'; may be repeated.",
            discussion: "Without a port, every port of the address. Packets that are marked count "
                + "as sent to the director.",
            valueName: "proto address:port=mark"))
    var mark: [String] = []

    @Option(
        help: ArgumentHelp(
            "Marks as iptables-save or ip6tables-save print them; may be repeated.",
            discussion: "Rules -j MARK of chain PREROUTING in table mangle; by protocol, "
                + "destination and destination port. A rule there that says more is an error. "
                + "Commands of iptables that add rules, with -A or -I, are read too.",
            valueName: "file"), completion: .file())
    var marks: [String] = []

    @Option(
        help: ArgumentHelp(
            "A link of the director: name=NAME,mtu=BYTES,address=ADDRESS/LENGTH; may be repeated.",
            discussion:
                "Packets leave by the link whose prefix holds their destination, or else by "
                + "the first. Without any there is one, eth0, with an MTU of 1500.",
            valueName: "link"))
    var link: [String] = []

    @Option(
        help: ArgumentHelp(
            "An address of the director besides the services' and the links'; may be repeated.",
            valueName: "address"))
    var address: [String] = []

    @Option(help: "Seed of keyed hashes: of the scheduler mesh, and of the chance in twos.")
    var seed: UInt64 = 0

    /// Hosts and services of this machine.
    static var names: NameTable {
        NameTable(
            hosts: TextInput.systemText(of: "/etc/hosts"),
            services: TextInput.systemText(of: "/etc/services"))
    }

    var key: HashKey { HashKey(k0: seed, k1: 0x5745_4654) }

    var rulesName: String { rules == "-" ? "<stdin>" : rules }

    /// The rules with settings and marks.
    func loadedRules() throws -> DirectorRules {
        var loaded = DirectorRules(key: key)
        // The kernel refuses a real server with such an address.
        let prefixes = try host(for: loaded).links.flatMap(\.prefixes)
        loaded.broadcasts = .init(prefixes.compactMap(\.broadcast))
        let text = try TextInput.text(of: rules)
        do throws(RulesFileError) {
            try loaded.restore(text, file: rulesName, names: Self.names)
        } catch {
            throw Message.fail(error, Exit.badInput)
        }
        do throws(SurroundingsError) {
            for text in sysctl { try loaded.settings.set(sysctl: text) }
            for text in mark { loaded.append(try MarkRule(text: text, names: Self.names)) }
        } catch {
            throw Message.fail(error, Exit.usage)
        }
        for path in marks {
            let text = try TextInput.text(of: path)
            do throws(IptablesText.Failure) {
                for rule in try IptablesText.marks(in: text, file: path) { loaded.append(rule) }
            } catch {
                throw Message.fail(error, Exit.badInput)
            }
        }
        return loaded
    }

    func host(for rules: DirectorRules) throws -> DirectorHost {
        do throws(SurroundingsError) {
            return try DirectorHost(links: link, addresses: address, for: rules)
        } catch {
            throw Message.fail(error, Exit.usage)
        }
    }

    /// A replayer of `input` that has read nothing yet.
    func replayer(_ options: DirectorReplayOptions) throws -> DirectorReplayer {
        let rules = try loadedRules()
        let host = try host(for: rules)
        do throws(ReplayError) {
            return try DirectorReplayer(
                DirectorRunner(rules, host: host, key: key), host: host, options)
        } catch {
            throw Message.fail(error, Exit.usage)
        }
    }
}

/// Which packets of a trace come before the director.
struct IpvsTraceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Replay only packets that match this pcap-filter(7) expression.",
            valueName: "expression"))
    var filter: String?

    @Option(
        help: ArgumentHelp(
            "Aim matching packets at a virtual service, as in 'tcp port 443=10.0.0.1:80'.",
            discussion: """
                The filter is pcap-filter(7). The end with the lower port is taken for the server; \
                what comes from it becomes the real server's reply. May be given several times; the \
                first match counts.
                """, valueName: "filter=address:port"))
    var remap: [String] = []

    @Flag(
        help: ArgumentHelp(
            "Make packets from virtual addresses the replies of real servers.",
            discussion: """
                For a trace of clients and one server: its answers come from the real server that the \
                director chose, if that one masquerades. Without it they are passed over.
                """))
    var aimReplies = false

    @Option(help: ArgumentHelp("Times to go through the trace.", valueName: "count"))
    var loop: UInt64 = 1

    @Option(help: ArgumentHelp("Packets to read at most.", valueName: "count"))
    var limit: UInt64?

    func validate() throws {
        if loop == 0 { throw ValidationError("--loop: must be at least 1") }
    }

    var replayOptions: DirectorReplayOptions {
        var options = DirectorReplayOptions()
        (options.filter, options.loopCount, options.packetLimit) = (filter, loop, limit)
        (options.remaps, options.aimsReplies) = (remap, aimReplies)
        return options
    }

    /// What keeps several inputs from all being standard input.
    func checkInputs(_ input: String?, _ rules: IpvsOptions) throws {
        let inputs = ([input, rules.rules] + rules.marks).filter { $0 == "-" }
        if inputs.count > 1 { throw ValidationError("standard input can be read only once") }
        if let input, loop > 1 { try TraceInput.checkReadableAgain(input, for: "--loop") }
    }
}
