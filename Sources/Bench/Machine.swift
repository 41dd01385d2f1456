// The machine that figures come from, as Linux describes it, and the build they were taken with.
// What Linux does not tell is nil, and nothing is guessed.

import CMachine
import Foundation

public struct Machine: Codable, Equatable, Sendable {
    public var processor: String?
    /// As the kernel states it; a virtual machine's may differ from the truth.
    public var megahertz: Double?
    public var processors: Int
    /// Of the first processor: level and kind, and bytes as the kernel writes them.
    public var caches: [String]
    public var memoryBytes: UInt64?
    public var kernel: String?
    /// The processor says that a hypervisor is below.
    public var isVirtual: Bool
    /// Why cycles and instructions cannot be counted; nil where they can.
    public var countersMissing: String?

    public init() {
        let lines = Self.text("/proc/cpuinfo").components(separatedBy: "\n")
        processor = Self.value("model name", lines)
        megahertz = Self.value("cpu MHz", lines).flatMap { Double($0) }
        processors = ProcessInfo.processInfo.activeProcessorCount
        isVirtual = Self.value("flags", lines)?.contains("hypervisor") ?? false
        caches = Self.cacheList
        memoryBytes = ProcessInfo.processInfo.physicalMemory
        let release = Self.text("/proc/sys/kernel/osrelease")
        kernel = release.isEmpty ? nil : "Linux \(release)"
        let error = weft_counters_open()
        countersMissing = error == 0 ? nil : Self.reason(error)
        if error == 0 { weft_counters_close() }
    }

    private static func reason(_ error: Int32) -> String {
        switch error {
        case ENOENT, ENODEV, EOPNOTSUPP: "no such counter"
        case EACCES, EPERM: "not permitted, see kernel.perf_event_paranoid"
        case ENOSYS: "the kernel does not know perf_event_open"
        default: "perf_event_open: errno \(error)"
        }
    }

    private static var cacheList: [String] {
        (0..<8).compactMap { index in
            let place = "/sys/devices/system/cpu/cpu0/cache/index\(index)/"
            let size = text(place + "size")
            guard !size.isEmpty else { return nil }
            let kind = ["Data": "d", "Instruction": "i"][text(place + "type")] ?? ""
            return "L\(text(place + "level"))\(kind) \(size)"
        }
    }

    private static func value(_ name: String, _ lines: [String]) -> String? {
        lines.first { $0.hasPrefix(name) }.flatMap { line in
            line.split(separator: ":", maxSplits: 1).last.map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
    }

    private static func text(_ path: String) -> String {
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        return (text ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

public struct Build: Codable, Equatable, Sendable {
    public var swift: String
    public var isDebug: Bool
    /// Nil when the build was not told.
    public var revision: String?

    public init() {
        #if compiler(>=6.3.2)
            swift = "6.3.2 or later"
        #elseif compiler(>=6.3.1)
            swift = "6.3.1"
        #else
            swift = "before 6.3.1"
        #endif
        #if DEBUG
            isDebug = true
        #else
            isDebug = false
        #endif
        var bytes: [UInt8] = []
        while true {
            let byte = UInt8(bitPattern: weft_build_revision(UInt32(bytes.count)))
            guard byte != 0 else { break }
            bytes.append(byte)
        }
        revision = bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
