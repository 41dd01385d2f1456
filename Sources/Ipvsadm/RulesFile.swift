// Rules as text: what `ipvsadm -S` prints and `ipvsadm -R` reads, one command a line, perhaps behind
// the word `ipvsadm`. Lines that start with `#` are comments, as for ipvsadm-restore(8).
//
// Invariant: a text is applied as a whole or not at all; the first line that is wrong is named.

import Dataplane
import Wire

/// What is wrong with a rules file, and where.
public struct RulesFileError: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var error: IpvsadmError

    public var description: String { "\(file):\(line): \(error.message)" }
}

extension DirectorRules {
    /// Applies every line of `text`; `file` is for messages.
    public mutating func restore(
        _ text: String, file: String, names: NameTable = NameTable()
    ) throws(RulesFileError) {
        var rules = self
        for (index, line) in Self.lines(of: text).enumerated() {
            do throws(IpvsadmError) {
                try rules.applyLine(line, names)
            } catch {
                throw RulesFileError(file: file, line: index + 1, error: error)
            }
        }
        self = rules
    }

    private static func lines(of text: String) -> [ArraySlice<UInt8>] {
        Array(text.utf8).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    private mutating func applyLine(
        _ line: ArraySlice<UInt8>, _ names: NameTable
    ) throws(IpvsadmError) {
        let words = line.split { [0x20, 0x09, 0x0d].contains($0) }
            .map { String(decoding: $0, as: UTF8.self) }
        guard let first = words.first, !first.hasPrefix("#") else { return }
        let arguments = words.filter { $0 != "ipvsadm" }
        guard !arguments.isEmpty else { return }
        let command: IpvsadmCommand
        do throws(IpvsadmError) {
            command = try IpvsadmCommand(arguments, names: names)
        } catch .noCommand(program: "ipvsadm") {
            // How to ask for help is no help in a file.
            throw .refused("`\(arguments.joined(separator: " "))' does not start with a command")
        }
        switch command {
        case .list, .restore, .save, .help, .version, .startDaemon, .stopDaemon:
            throw .usage("`\(arguments.joined(separator: " "))' is no rule")
        default: try apply(command)
        }
    }

    /// The rules as a text that `restore` makes the same rules of, timeouts included.
    public var savedText: String {
        let listing = RuleListing(names: NameTable(), isNumeric: true, isForFile: true)
        let timeouts = [settings.tcpTimeout, settings.tcpFinTimeout, settings.udpTimeout]
        let fresh = DirectorSettings()
        let isFresh = timeouts == [fresh.tcpTimeout, fresh.tcpFinTimeout, fresh.udpTimeout]
        let numbers = timeouts.map(String.init).joined(separator: " ")
        return (isFresh ? "" : "--set \(numbers)\n") + listing.text(ListedService.all(of: self))
    }
}
