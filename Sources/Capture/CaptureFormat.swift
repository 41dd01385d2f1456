// What kind of file a reader found, and how it ended.
// Plain values; how a format is recognised stands with the reader of that format.

public enum CaptureFormat: Equatable, Sendable {
    /// The classic format; `isSwapped` when its byte order is not this machine's.
    case pcap(isNanosecond: Bool, isSwapped: Bool)
    case pcapng
    /// Whatever libpcap made of it.
    case stream
}

extension CaptureFormat: CustomStringConvertible {
    public var description: String {
        switch self {
        case .pcap(let isNanosecond, let isSwapped):
            "pcap, \(isNanosecond ? "nanoseconds" : "microseconds")"
                + (isSwapped ? ", swapped byte order" : "")
        case .pcapng: "pcapng"
        case .stream: "stream, read through libpcap"
        }
    }
}

/// A warning: the file ends inside its last record. Everything before it was read.
public struct CaptureTruncation: Equatable, Sendable {
    public let path: String
    /// Where the record that is cut starts; nil on a stream, which has no offsets.
    public let byteOffset: Int?
    /// Bytes missing, or the least that can be when the record's own length is cut; nil on a
    /// stream.
    public let missingByteCount: Int?
    /// libpcap's words, on a stream.
    public let message: String?
}

extension CaptureTruncation: CustomStringConvertible {
    public var description: String {
        guard let byteOffset, let missingByteCount else { return "\(path): \(message ?? "cut")" }
        let bytes = missingByteCount == 1 ? "byte" : "bytes"
        return
            "\(path): byte \(byteOffset): the last record is cut, \(missingByteCount) \(bytes) short"
    }
}
