// The values of `weft pcap info` as text: capinfos' columns and its way of writing each.
//
// Invariant: times are UTC, with as many digits as the file's own resolution, and a value that does
// not exist is `n/a`. Of a stream the resolution is not known: its times have six digits, or nine where
// six would lose something.

import Capture
import Foundation

/// capinfos' columns, in its order; those that need the whole file hashed or that Weft does not keep
/// are left out.
private enum Column: String, CaseIterable {
    case name = "File name"
    case type = "File type"
    case encapsulation = "File encapsulation"
    case precision = "File time precision"
    case sizeLimit = "Packet size limit"
    case packetCount = "Number of packets"
    case fileSize = "File size (bytes)"
    case dataSize = "Data size (bytes)"
    case duration = "Capture duration (seconds)"
    case start = "Start time"
    case end = "End time"
    case byteRate = "Data byte rate (bytes/sec)"
    case bitRate = "Data bit rate (bits/sec)"
    case averageSize = "Average packet size (bytes)"
    case packetRate = "Average packet rate (packets/sec)"
    case order = "Strict time order"

    func value(_ summary: CaptureSummary) -> String {
        switch self {
        case .name: summary.path
        case .type: summary.typeName
        case .encapsulation: summary.encapsulationName
        case .precision: summary.precisionName
        case .sizeLimit: summary.sizeLimit
        case .packetCount: "\(summary.packetCount)"
        case .fileSize: summary.fileByteCount.map { "\($0)" } ?? "n/a"
        case .dataSize: "\(summary.originalByteCount)"
        case .duration: summary.durationText
        case .start: summary.text(ofTime: summary.earliestNanoseconds)
        case .end: summary.text(ofTime: summary.latestNanoseconds)
        case .byteRate: Self.rate(summary.bytesPerSecond, summary)
        case .bitRate: Self.rate(summary.bytesPerSecond.map { $0 * 8 }, summary)
        case .averageSize: Self.decimal(summary.averagePacketByteCount)
        case .packetRate: Self.rate(summary.packetsPerSecond, summary)
        case .order: summary.isInTimeOrder.map { $0 ? "True" : "False" } ?? "Unknown"
        }
    }

    /// Like capinfos, zero where nothing took any time, and n/a where it is not known what took how long.
    private static func rate(_ value: Double?, _ summary: CaptureSummary) -> String {
        summary.untimedPacketCount > 0 ? "n/a" : decimal(value)
    }

    private static func decimal(_ value: Double?) -> String {
        String(format: "%.2f", value ?? 0)
    }
}

enum CaptureTable {
    static var header: String { Column.allCases.map(\.rawValue).joined(separator: "\t") }

    static func row(_ summary: CaptureSummary) -> String {
        Column.allCases.map { $0.value(summary) }.joined(separator: "\t")
    }

    /// The same as names and values for people: units stand with the values.
    static func lines(_ summary: CaptureSummary) -> [(name: String, value: String)] {
        var lines: [(name: String, value: String)] = []
        for column in Column.allCases {
            let value = column.value(summary)
            guard let open = column.rawValue.firstIndex(of: "(") else {
                lines.append((column.rawValue, value))
                continue
            }
            let unit = column.rawValue[open...].dropFirst().dropLast()
            let name = column.rawValue[..<open].dropLast()
            lines.append((short(String(name)), value == "n/a" ? value : "\(value) \(unit)"))
        }
        if let truncation = summary.truncation { lines.append(("Cut short", "\(truncation)")) }
        return lines
    }

    static func line(_ entry: CaptureSummary.InterfaceCount) -> String {
        let interface = entry.interface
        let name = interface.name.map { "\($0): " } ?? ""
        return "\(name)\(interface.linkType.shortName), \(entry.packetCount) packets, "
            + "\(entry.originalByteCount) bytes, snap length \(interface.snapByteCount), "
            + "resolution \(interface.resolutionDescription ?? "n/a")"
    }

    /// Names that would not fit the column of names.
    private static func short(_ name: String) -> String {
        switch name {
        case "Average packet size": "Average size"
        case "Average packet rate": "Packet rate"
        default: name
        }
    }
}

extension CaptureSummary {
    fileprivate var typeName: String {
        switch format {
        case .pcap(let isNanosecond, _): isNanosecond ? "nsecpcap" : "pcap"
        case .pcapng: "pcapng"
        case .stream: "stream"
        }
    }

    fileprivate var encapsulationName: String {
        linkTypes.count > 1 ? "per-packet" : linkTypes.first?.shortName ?? "n/a"
    }

    /// Digits after the second: those of the finest interface; nil where none tells its resolution.
    fileprivate var knownDigitCount: Int? {
        interfaces.compactMap { entry in
            // A power of two of n bits has about 0.3 n decimal digits.
            entry.interface.timestampResolution.map { resolution in
                Int(resolution & 0x80 == 0 ? resolution : (resolution & 0x7f) * 3 / 10)
            }
        }.max().map { min($0, 9) }
    }

    private var digitCount: Int {
        let isOfMicroseconds = [earliestNanoseconds, latestNanoseconds].allSatisfy {
            ($0 ?? 0) % 1000 == 0
        }
        return knownDigitCount ?? (isOfMicroseconds ? 6 : 9)
    }

    fileprivate var precisionName: String {
        guard let digitCount = knownDigitCount else { return "n/a" }
        return switch digitCount {
        case 0: "seconds"
        case 3: "milliseconds"
        case 6: "microseconds"
        case 9: "nanoseconds"
        default: "10^-\(digitCount) s"
        }
    }

    fileprivate var sizeLimit: String {
        guard case .pcapng = format else {
            return interfaces.first.map { "\($0.interface.snapByteCount)" } ?? "(not set)"
        }
        return "(not set)"
    }

    fileprivate var durationText: String {
        earliestNanoseconds == nil ? "n/a" : seconds(durationNanoseconds)
    }

    fileprivate func text(ofTime nanoseconds: UInt64?) -> String {
        guard let nanoseconds else { return "n/a" }
        let date = Date(timeIntervalSince1970: Double(nanoseconds / 1_000_000_000))
        let style = Date.ISO8601FormatStyle().year().month().day().dateSeparator(.dash)
            .dateTimeSeparator(.space).time(includingFractionalSeconds: false)
        return date.formatted(style) + fraction(nanoseconds)
    }

    private func seconds(_ nanoseconds: UInt64) -> String {
        "\(nanoseconds / 1_000_000_000)" + fraction(nanoseconds)
    }

    private func fraction(_ nanoseconds: UInt64) -> String {
        guard digitCount > 0 else { return "" }
        let digits = "\(nanoseconds % 1_000_000_000)"
        let padded = String(repeating: "0", count: 9 - digits.count) + digits
        return "." + padded.prefix(digitCount)
    }
}

extension LinkType {
    /// Wireshark's short name for the encapsulation, as capinfos prints it in tables.
    var shortName: String {
        switch rawValue {
        case 1: "ether"
        case 12, 14, 101: "rawip"
        case 113: "linux-sll"
        case 228: "rawip4"
        case 229: "rawip6"
        case 276: "linux-sll2"
        default: description
        }
    }
}
