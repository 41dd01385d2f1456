// What a fuzzed data plane is told to do, one record after another: five bytes and a frame.
//
//     byte 0   bits 0-1 the node; then a bit each: from a task, let time pass and run, cut short,
//              mend the IPv4 header's checksum, answer the last frame delivered, a command in place of
//              a frame, in this order
//     byte 1   seconds that pass
//     byte 2   the task, by its endpoint
//     3 and 4  bytes of the frame, which follow (fewer at the end of the input)

import Wire

/// One frame and how it arrives, or one command.
struct ScriptRecord {
    private static let headerByteCount = 5

    var node: Int
    var flags: UInt8
    var seconds: UInt8
    var choice: Int
    var frame: [UInt8]

    var isFromTask: Bool { flags & 4 != 0 }
    var isRunWanted: Bool { flags & 8 != 0 }
    var isCut: Bool { flags & 16 != 0 }
    var isMended: Bool { flags & 32 != 0 }
    var isAnswer: Bool { flags & 64 != 0 }
    var isCommand: Bool { flags & 128 != 0 }

    /// Takes a record off the front of `script`; nil when no header is left.
    init?(_ script: inout ArraySlice<UInt8>) {
        let header = Array(script.prefix(Self.headerByteCount))
        guard header.count == Self.headerByteCount else { return nil }
        node = Int(header[0] & 3) % 3
        flags = header[0]
        seconds = header[1]
        choice = Int(header[2])
        script = script.dropFirst(Self.headerByteCount)
        frame = Array(script.prefix(Int(header[3]) << 8 | Int(header[4])))
        script = script.dropFirst(frame.count)
    }
}

/// Makes the checksum of an IPv4 header right, which a fuzzer would take long to do.
func mendHeaderChecksum(_ frame: inout [UInt8]) {
    guard let header = headerRange(frame) else { return }
    let field = header.lowerBound + 10
    frame[field] = 0
    frame[field + 1] = 0
    let checksum = Naive.checksum(frame[header])
    frame[field] = UInt8(checksum >> 8)
    frame[field + 1] = UInt8(checksum & 0xff)
}

/// Where the IPv4 header lies in a frame; nil without one.
private func headerRange(_ frame: [UInt8]) -> Range<Int>? {
    guard let link = LinkHeader(frame.span.raw), link.etherType == .ipv4,
        let ip = IPv4Header(link.payload)
    else { return nil }
    return link.byteCount..<link.byteCount + ip.headerByteCount
}
