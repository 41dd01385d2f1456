// What can be wrong with a capture file, said once, with its place.
//
// Invariant: every error names the file, and the byte offset wherever there is one: a stream read
// through libpcap has no offsets, and a failed open has no byte. `description` is the form
// `FILE: byte 1234: sentence`, fit to be shown to a person as it is.

/// An error reading, filtering or writing a capture.
public struct CaptureError: Error, Equatable, Sendable {
    /// The path as it was given; `-` for standard input or output.
    public let path: String
    /// Where in the file, in bytes from its start.
    public let byteOffset: Int?
    public let fault: CaptureFault

    public init(path: String, byteOffset: Int? = nil, fault: CaptureFault) {
        self.path = path
        self.byteOffset = byteOffset
        self.fault = fault
    }
}

/// The closed list of what can be wrong.
public enum CaptureFault: Error, Equatable, Sendable {
    /// A system call failed: its name, and the system's words for the failure.
    case system(call: String, message: String)
    /// libpcap refused: its own words.
    case libpcap(message: String)
    case isDirectory
    case isTerminal
    /// An output that is also read.
    case isInput
    /// An output that is another output already.
    case isOutput
    case empty
    /// A format this program knows by sight and does not read.
    case foreignFormat(name: String, remedy: String)
    case unknownMagic(UInt32)
    case headerCut(byteCount: Int, needed: Int)
    case capturedLengthAboveLimit(UInt32, limit: Int)
    case capturedLengthAboveSnapLength(UInt32, snapLength: Int)
    case capturedLengthAboveBlock(UInt32, room: Int)
    case blockLengthAbsurd(UInt32, least: Int)
    case blockLengthNotMultipleOfFour(UInt32)
    case blockLengthsDiffer(leading: UInt32, trailing: UInt32)
    case byteOrderMagic(UInt32)
    case sectionVersion(major: UInt16, minor: UInt16)
    case optionPastBlock(code: UInt16, byteCount: Int)
    case optionLength(code: UInt16, byteCount: Int)
    case timestampResolution(UInt8)
    /// The format to be written has no room for the time.
    case timestampOutOfRange
    /// A time that was read: it cannot be counted here.
    case timestampUncountable
    case linkTypeUnwritable(LinkType)
    case interfaceUnknown(UInt32, count: Int)
    case tooManyInterfaces(limit: Int)
    case valueTooLong(what: String, byteCount: Int, limit: Int)
    case filter(expression: String, message: String)
}

/// A fault and its place, before the reader that knows the path adds it.
struct Misread: Error {
    let byteOffset: Int
    let fault: CaptureFault

    init(at byteOffset: Int, _ fault: CaptureFault) {
        self.byteOffset = byteOffset
        self.fault = fault
    }
}

extension CaptureError: CustomStringConvertible {
    public var description: String {
        guard let byteOffset else { return "\(path): \(fault)" }
        return "\(path): byte \(byteOffset): \(fault)"
    }
}

extension CaptureFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .system(let call, let message): "\(call) failed: \(message)"
        case .libpcap(let message): message
        case .isDirectory: "this is a directory, not a capture file"
        case .isTerminal: "a capture is binary and is not written to a terminal"
        case .isInput: "this is an input too, and would be destroyed by writing to it"
        case .isOutput: "this is another output already"
        case .empty: "the file is empty"
        case .foreignFormat(let name, let remedy): "this is a \(name) file; \(remedy)"
        case .unknownMagic(let magic):
            "unknown magic number \(hexadecimal(magic)): neither pcap nor pcapng"
        case .headerCut(let byteCount, let needed):
            "the file ends after \(byteCount) bytes, inside its header of \(needed)"
        case .filter(let expression, let message): "filter '\(expression)': \(message)"
        case .valueTooLong(let what, let byteCount, let limit):
            "\(what) of \(byteCount) bytes; at most \(limit) can be written"
        case .linkTypeUnwritable(let linkType):
            "\(linkType) has a number too large for the format"
        case .timestampOutOfRange: "the time stamp lies outside what the format can hold"
        case .timestampUncountable:
            "the time stamp is before 1970 or after 2554, which 64 bits of nanoseconds cannot count"
        case .timestampResolution(let value):
            "time stamp resolution \(hexadecimal(value)) is finer than 64 bits can count"
        case .capturedLengthAboveLimit(let byteCount, let limit):
            "captured length \(byteCount) is above the \(limit) bytes any packet may have"
        case .capturedLengthAboveSnapLength(let byteCount, let snapLength):
            "captured length \(byteCount) is above the interface's snap length \(snapLength)"
        case .capturedLengthAboveBlock(let byteCount, let room):
            "captured length \(byteCount) does not fit its block, which has room for \(room)"
        case .blockLengthAbsurd(let byteCount, let least):
            "block length \(byteCount) is absurd; this block has \(least) to "
                + "\(CaptureLimits.blockByteCountMax) bytes"
        case .blockLengthNotMultipleOfFour(let byteCount):
            "block length \(byteCount) is not a multiple of four"
        case .blockLengthsDiffer(let leading, let trailing):
            "the block begins with length \(leading) and ends with length \(trailing)"
        case .byteOrderMagic(let magic):
            "section byte-order magic \(hexadecimal(magic)) is not 0x1a2b3c4d in either order"
        case .sectionVersion(let major, let minor):
            "pcapng version \(major).\(minor) is not 1.0"
        case .optionPastBlock(let code, let byteCount):
            "option \(code) of \(byteCount) bytes runs past the end of its block"
        case .optionLength(let code, let byteCount):
            "option \(code) has \(byteCount) bytes, which is the wrong length for it"
        case .interfaceUnknown(let index, let count):
            "interface \(index) is not described; the section has described \(count)"
        case .tooManyInterfaces(let limit): "the file describes more than \(limit) interfaces"
        }
    }
}

private func hexadecimal(_ value: some BinaryInteger) -> String {
    "0x" + String(value, radix: 16)
}
