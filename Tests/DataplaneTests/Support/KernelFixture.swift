// What a real kernel did, read from Tests/DirectorTests/Fixtures/kernel: rule changes, packets with the
// packets that answered them, and listings. Tests/Oracle/README.md describes the format.
//
// Only as much of ipvsadm's grammar is read as the fixtures use; what is not understood is nil, and
// whoever asks must say what to do then.

import Dataplane
import Wire

import class Foundation.FileManager
import struct Foundation.URL

struct KernelFixture {
    enum Step {
        case change(RuleChange)
        /// A change that ipvsadm or the kernel did not take.
        case refusal(RuleChange)
        case mark(MarkRule)
        case setting(name: String, value: UInt32)
        /// From the client's side or not, and what answered it.
        case packet(TransportPacket?, isFromClient: Bool, answers: [Answer])
        /// So many seconds pass.
        case wait(Double)
        /// The output of `ipvsadm -Ln`.
        case listing([String])
        case other(String)
    }

    struct Answer {
        var isToClient: Bool
        var packet: TransportPacket?
    }

    let name: String
    private(set) var steps: [Step] = []

    /// Names of fixtures that start with one of `prefixes`, in order.
    static func names(_ prefixes: [String]) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { file in
            file.hasSuffix(".txt") && prefixes.contains { file.hasPrefix($0) }
        }.map { String($0.dropLast(4)) }.sorted()
    }

    init(_ name: String) throws {
        self.name = name
        let text = try String(contentsOfFile: "\(Self.folder)/\(name).txt", encoding: .utf8)
        for line in text.split(separator: "\n") { read(line) }
    }

    private mutating func read(_ line: Substring) {
        let words = line.split(separator: " ").map(String.init)
        switch words.first {
        case "<":
            guard case .packet(let packet, let isFromClient, var answers) = steps.last else {
                return
            }
            let answer = TransportPacket(hex: words[2])
            answers.append(Answer(isToClient: words[1] == "client", packet: answer))
            steps[steps.count - 1] = .packet(packet, isFromClient: isFromClient, answers: answers)
        case "|":
            guard case .listing(let lines) = steps.last else { return }
            steps[steps.count - 1] = .listing(lines + [String(line.dropFirst(2))])
        case ">":
            let packet = TransportPacket(hex: words[2])
            steps.append(.packet(packet, isFromClient: words[1] == "client", answers: []))
        case "mark":
            guard let mark = MarkRule(words) else { return steps.append(.other(String(line))) }
            steps.append(.mark(mark))
        case "sysctl" where words.count == 3:
            steps.append(.setting(name: words[1], value: UInt32(words[2]) ?? 0))
        case "ipvsadm", "ipvsadm!":
            guard let change = RuleChange(Array(words.dropFirst())) else {
                return steps.append(.other(String(line)))
            }
            steps.append(words[0] == "ipvsadm" ? .change(change) : .refusal(change))
        case "wait": steps.append(.wait(Double(words[1]) ?? 0))
        case "list" where words == ["list", "-Ln"]: steps.append(.listing([]))
        case "title", "#": break
        default: steps.append(.other(String(line)))
        }
    }

    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "DirectorTests/Fixtures/kernel").path
}

/// TCP or UDP behind a plain IP header.
struct TransportPacket {
    var source: IPv6Address
    var destination: IPv6Address
    var sourcePort: Port
    var destinationPort: Port
    var proto: IPProtocol
    /// The flag byte of TCP.
    var flags: UInt8 = 0

    init?(hex: String) {
        let digits = Array(hex.utf8).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        let bytes = stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
        func number(_ offset: Int, _ count: Int) -> UInt64 {
            bytes[offset..<offset + count].reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard bytes.count >= 28 else { return nil }
        let transport: Int
        if bytes[0] >> 4 == 4 {
            transport = Int(bytes[0] & 15) * 4
            proto = IPProtocol(rawValue: bytes[9])
            source = IPv6Address(mapped: IPv4Address(rawValue: UInt32(number(12, 4))))
            destination = IPv6Address(mapped: IPv4Address(rawValue: UInt32(number(16, 4))))
        } else {
            guard bytes.count >= 48 else { return nil }
            transport = 40
            proto = IPProtocol(rawValue: bytes[6])
            source = IPv6Address(high: number(8, 8), low: number(16, 8))
            destination = IPv6Address(high: number(24, 8), low: number(32, 8))
        }
        guard proto == .udp || proto == .tcp && bytes.count >= transport + 20 else { return nil }
        sourcePort = Port(UInt16(number(transport, 2)))
        destinationPort = Port(UInt16(number(transport + 2, 2)))
        if proto == .tcp { flags = bytes[transport + 13] }
    }
}

extension MarkRule {
    /// `mark PROTO ADDRESS PORT MARK`.
    fileprivate init?(_ words: [String]) {
        guard words.count == 5, let address = IPAddress(words[2]), let port = Port(words[3]),
            let mark = UInt32(words[4]), let proto = IPProtocol(words[1])
        else { return nil }
        self.init(proto: proto, address: address, port: port, mark: mark)
    }
}
