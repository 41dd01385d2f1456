// Goal: the connection table against what the kernel listed. Method: a reader of the recorded
// fixtures (Tests/Oracle/README.md) that understands as much of ipvsadm and of packets as entries
// depend on; what is sent is not looked at here, only what is remembered.

import Dataplane
import Wire

import class Foundation.FileManager
import struct Foundation.URL

enum KernelFixture {
    static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "DirectorTests/Fixtures/kernel")

    static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return files.filter { $0.hasSuffix(".txt") }.sorted()
    }

    /// Lines as words.
    static func lines(of name: String) throws -> [[String]] {
        let text = try String(contentsOf: directory.appending(path: name), encoding: .utf8)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ").map(String.init) }
    }
}

/// One frame's addresses and transport bytes.
struct FixturePacket {
    let source: IPAddress
    let destination: IPAddress
    let proto: IPProtocol
    let transport: [UInt8]

    init?(hex: String) {
        let digits = Array(hex.utf8).map { $0 < 0x60 ? $0 - 0x30 : $0 - 0x57 }
        let bytes = stride(from: 0, to: digits.count - 1, by: 2)
            .map { digits[$0] << 4 | digits[$0 + 1] }
        guard let first = bytes.first else { return nil }
        let word = { (at: Int, count: Int) in
            bytes[at..<at + count].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        if first >> 4 == 4 {
            guard bytes.count >= 20, word(6, 2) & 0x3fff == 0 else { return nil }
            source = .v4(IPv4Address(rawValue: UInt32(word(12, 4))))
            destination = .v4(IPv4Address(rawValue: UInt32(word(16, 4))))
            proto = IPProtocol(rawValue: bytes[9])
            transport = Array(bytes[min(Int(first & 15) * 4, bytes.count)...])
        } else {
            guard bytes.count >= 40 else { return nil }
            source = .v6(IPv6Address(high: word(8, 8), low: word(16, 8)))
            destination = .v6(IPv6Address(high: word(24, 8), low: word(32, 8)))
            proto = IPProtocol(rawValue: bytes[6])
            transport = Array(bytes[40...])
        }
    }

    func port(_ offset: Int) -> Port? {
        guard transport.count >= offset + 2 else { return nil }
        return Port(UInt16(transport[offset]) << 8 | UInt16(transport[offset + 1]))
    }
}

/// Words of an ipvsadm command.
struct FixtureCommand {
    let words: [String]

    func after(_ option: String) -> String? {
        words.firstIndex(of: option).flatMap {
            words.indices.contains($0 + 1) ? words[$0 + 1] : nil
        }
    }

    var key: VirtualServerKey? {
        for (option, proto) in [
            ("-t", IPProtocol.tcp), ("-u", .udp), ("--sctp-service", .sctp),
        ] {
            guard let (address, port) = after(option).flatMap(Self.address) else { continue }
            return .address(address, port ?? Port(0), proto)
        }
        return after("-f").flatMap(UInt32.init).map { .mark($0, isIPv4: !words.contains("-6")) }
    }

    var virtualServer: VirtualServerRule? {
        guard let key else { return nil }
        let length = after("-M").flatMap { mask in
            Int(mask) ?? IPv4Address(mask).map { $0.rawValue.nonzeroBitCount }
        }
        let seconds = words.contains("-p") ? after("-p").flatMap(UInt32.init) ?? 360 : nil
        return VirtualServerRule(
            key, scheduler: after("-s").flatMap(Scheduler.init) ?? .weightedLeastConnection,
            flags: flags,
            persistence: seconds.map {
                Persistence(timeoutSeconds: $0, prefixLength: length ?? (key.isIPv4 ? 32 : 128))
            }, isOnePacket: words.contains("-o"))
    }

    private var flags: SchedulerFlags {
        let names = after("-b") ?? ""
        let fallback: SchedulerFlags = names.contains("fallback") ? .fallback : []
        return fallback.union(names.contains("port") ? .port : [])
    }

    var server: RealServerRule? {
        guard let (address, port) = after("-r").flatMap(Self.address) else { return nil }
        let method: ForwardingMethod =
            words.contains("-m")
            ? .masquerade : words.contains("-i") ? .tunnel(.ipip, .none) : .directRouting
        var servicePort = Port(0)
        if case .address(_, let port, _) = key { servicePort = port }
        return RealServerRule(
            address, method == .masquerade ? port ?? servicePort : servicePort, method: method,
            weight: after("-w").flatMap(Int32.init) ?? 1,
            upperThreshold: after("-x").flatMap(UInt32.init) ?? 0,
            lowerThreshold: after("-y").flatMap(UInt32.init) ?? 0)
    }

    private static func address(_ text: String) -> (IPAddress, Port?)? {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let port = text[end...].dropFirst(2)
            guard let address = IPv6Address(text[..<end].dropFirst()) else { return nil }
            return (.v6(address), UInt16(port).map { Port($0) })
        }
        let parts = text.split(separator: ":")
        guard let address = parts.first.flatMap({ IPv4Address($0) }) else { return nil }
        return (.v4(address), parts.count > 1 ? UInt16(parts[1]).map { Port($0) } : nil)
    }
}
