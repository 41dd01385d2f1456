// What the options of one invocation have said so far. Each option is read when its turn comes, with
// what stands before it: `-r` knows the service's protocol only if `-t` came first, `-M` is a mask or
// a length by the service's family, and `-t` with an IPv6 address sets the length back to 128.

import Dataplane
import Wire

struct CommandDraft {
    let names: NameTable
    var given = OptionKinds([])
    // The service.
    var proto: IPProtocol?
    var address: IPAddress?
    var port = Port(0)
    var mark: UInt32 = 0
    var isIPv6 = false
    var netmask = UInt32.max
    var scheduler = ""
    var schedulerFlags: String?
    var persistenceSeconds: UInt32?
    var isOnePacket = false
    var engine: String?
    // The real server.
    var server: IPAddress?
    var serverPort = Port(0)
    var forward = Option.gatewaying
    var weight: Int32 = 1
    var upperThreshold: UInt32 = 0
    var lowerThreshold: UInt32 = 0
    var tunnel = TunnelName.ipip
    var tunnelPort = Port(0)
    var tunnelChecksum = TunnelChecksum.none
    // The list.
    var list = ListRequest()

    enum TunnelName: String {
        case ipip, gue, gre
    }

    /// Longest persistence and longest timeout: 31 days.
    static let timeoutMax = 86400 * 31
    static let persistenceSecondsDefault: UInt32 = 360
    static let schedulerByteCountMax = 15

    init(_ names: NameTable) { self.names = names }

    mutating func read(_ option: Option, _ argument: String?) throws(IpvsadmError) {
        if let kind = option.kind {
            if given.contains(kind) {
                throw .usage("multiple '\(kind.name)' options specified")
            }
            given.insert(OptionKinds([kind]))
        }
        switch option {
        case .tcpService: try readService(argument, .tcp)
        case .udpService: try readService(argument, .udp)
        case .sctpService: try readService(argument, .sctp)
        case .markService: try readMark(argument ?? "")
        case .ipv6:
            guard mark != 0 else { throw .usage("-6 used before -f\n") }
            isIPv6 = true
            netmask = 128
        case .scheduler: scheduler = argument ?? ""
        case .schedulerFlags: schedulerFlags = argument
        case .persistent: persistenceSeconds = try Self.timeout(argument, 1...Self.timeoutMax)
        case .netmask: try readNetmask(argument ?? "")
        case .onePacket: isOnePacket = true
        case .persistenceEngine: engine = argument
        default: try readServer(option, argument)
        }
    }

    private mutating func readService(
        _ argument: String?, _ proto: IPProtocol
    ) throws(IpvsadmError) {
        self.proto = proto
        guard let text = ServiceText(argument ?? "", proto, names) else {
            throw .usage("illegal virtual server address[:port] specified")
        }
        address = text.address
        if case .v6 = text.address {
            isIPv6 = true
            netmask = 128
        }
        port = text.port ?? port
    }

    private mutating func readMark(_ argument: String) throws(IpvsadmError) {
        guard let number = NumberText.number(argument, 1...Int(UInt32.max)) else {
            throw .usage("invalid fwmark value `\(argument)' specified")
        }
        proto = .tcp
        mark = UInt32(truncatingIfNeeded: number)
    }

    private mutating func readNetmask(_ argument: String) throws(IpvsadmError) {
        if isIPv6 {
            let length = NumberText.leading(argument)
            guard (1...128).contains(length) else { throw .usage("illegal ipv6 netmask specified") }
            netmask = UInt32(truncatingIfNeeded: length)
        } else {
            let mask = NumberText.address(argument) ?? names.address(of: argument)
            guard let mask else {
                throw .usage("illegal virtual server persistent mask specified")
            }
            netmask = mask.rawValue
        }
    }

    /// Seconds; the default for persistence when there is no argument.
    static func timeout(
        _ argument: String?, _ range: ClosedRange<Int>
    ) throws(IpvsadmError) -> UInt32 {
        guard let argument else { return persistenceSecondsDefault }
        guard let number = NumberText.number(argument, range) else {
            throw .usage("invalid timeout value `\(argument)' specified")
        }
        return UInt32(truncatingIfNeeded: number)
    }

    private mutating func readServer(
        _ option: Option, _ argument: String?
    ) throws(IpvsadmError) {
        switch option {
        case .realServer:
            guard let text = ServiceText(argument ?? "", proto, names) else {
                throw .usage("illegal real server address[:port] specified")
            }
            server = text.address
            serverPort = text.port ?? port
        case .ipip, .gatewaying, .masquerading: forward = option
        case .weight:
            weight = Int32(try Self.number(argument, 0...Int(Int32.max), "weight"))
        case .upperThreshold:
            upperThreshold = UInt32(try Self.number(argument, 0...Int(Int32.max), "u_threshold"))
        case .lowerThreshold:
            lowerThreshold = UInt32(try Self.number(argument, 0...Int(Int32.max), "l_threshold"))
        case .tunType:
            guard let name = TunnelName(rawValue: argument ?? "") else {
                throw .usage("illegal tunnel type specified")
            }
            tunnel = name
        case .tunPort:
            tunnelPort = Port(UInt16(try Self.number(argument, 1...65535, "tunnel port")))
        case .tunNoChecksum: tunnelChecksum = .none
        case .tunChecksum: tunnelChecksum = .whole
        case .tunRemoteChecksum: tunnelChecksum = .remote
        default: try readList(option, argument)
        }
    }

    private static func number(
        _ argument: String?, _ range: ClosedRange<Int>, _ name: String
    ) throws(IpvsadmError) -> Int {
        guard let number = NumberText.number(argument ?? "", range) else {
            throw .usage("illegal \(name) specified")
        }
        return number
    }

    private mutating func readList(_ option: Option, _ argument: String?) throws(IpvsadmError) {
        switch option {
        case .numeric: list.isNumeric = true
        case .exact: list.isExact = true
        case .noSort: list.isSorted = false
        case .connection: list.subject = .connections
        case .timeout: list.subject = .timeouts
        case .daemon: list.subject = .daemons
        case .stats: showColumns(.stats)
        case .rate: showColumns(.rate)
        case .thresholds: showColumns(.thresholds)
        case .persistentConn:
            showColumns(.persistentConnections)
            list.hasEngines = true
        case .tunInfo: showColumns(.tunnels)
        default: try readDaemon(option, argument)
        }
    }

    private mutating func showColumns(_ columns: ListRequest.Columns) {
        if columns.rawValue < list.columns.rawValue { list.columns = columns }
    }

    /// Checked, and then of no use: nothing is synchronized here.
    private func readDaemon(_ option: Option, _ argument: String?) throws(IpvsadmError) {
        switch option {
        case .syncID: _ = try Self.number(argument, 0...255, "syncid")
        case .mcastPort: _ = try Self.number(argument, 1...65535, "mcast-port")
        case .mcastTTL: _ = try Self.number(argument, 1...255, "mcast-ttl")
        case .syncMaxlen: _ = try Self.number(argument, 1...(65535 - 20 - 8), "sync-maxlen")
        case .mcastGroup:
            let text = argument ?? ""
            let isIPv6 = text.contains(":")
            guard Self.isMulticast(text) else {
                throw .usage("invalid \(isIPv6 ? "IPv6" : "IPv4") mcast-group `\(text)'")
            }
        default: break
        }
    }

    private static func isMulticast(_ text: String) -> Bool {
        switch IPAddress(text) {
        case .v4(let address): address.rawValue >> 28 == 0xe
        case .v6(let address): address.high >> 56 == 0xff
        case nil: false
        }
    }
}
