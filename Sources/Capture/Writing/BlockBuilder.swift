// One pcapng block under construction.
//
// Reused for every block, so that a packet costs no allocation. Invariant: `bytes` start at a block
// boundary and every field appended so far is padded; what does not fit the format is remembered in
// `fault`, and a block with a fault is never written.

struct BlockBuilder {
    private(set) var bytes: [UInt8] = []
    private(set) var fault: CaptureFault?

    mutating func begin(_ type: UInt32) {
        bytes.removeAll(keepingCapacity: true)
        fault = nil
        append(type)
        append(0 as UInt32)
    }

    mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        bytes.append(littleEndian: value)
    }

    mutating func append(_ data: RawSpan) {
        bytes.append(copying: data)
        bytes.pad()
    }

    /// Appends an option, or nothing when there is no text.
    mutating func appendOption(_ code: UInt16, _ text: String?, what: String) {
        guard let text else { return }
        beginOption(code, byteCount: text.utf8.count, what: what)
        bytes.append(contentsOf: text.utf8)
        bytes.pad()
    }

    /// Appends an option, or nothing when there is no value.
    mutating func appendOption<Value: FixedWidthInteger>(_ code: UInt16, _ value: Value?) {
        guard let value else { return }
        append(code)
        append(UInt16(Value.bitWidth / 8))
        append(value)
        bytes.pad()
    }

    mutating func append(_ annotations: PacketAnnotations) {
        for comment in annotations.comments {
            appendOption(OptionCode.comment, comment, what: "comment")
        }
        appendOption(OptionCode.packetFlags, annotations.direction?.rawValue)
        appendOption(OptionCode.packetID, annotations.packetID)
        append(annotations.verdict)
    }

    private mutating func append(_ verdict: PacketAnnotations.Verdict?) {
        guard let verdict else { return }
        let value = verdict.bytes
        beginOption(OptionCode.packetVerdict, byteCount: value.count, what: "verdict")
        bytes.append(contentsOf: value)
        bytes.pad()
    }

    /// Appends text and the zero that ends it, without padding.
    mutating func append(zeroEnded text: String) {
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    mutating func pad() { bytes.pad() }

    /// The code and length of an option or of a record in a name resolution block.
    mutating func beginOption(_ code: UInt16, byteCount: Int, what: String) {
        let limit = CaptureLimits.optionByteCountMax
        if byteCount > limit, fault == nil {
            fault = .valueTooLong(what: what, byteCount: byteCount, limit: limit)
        }
        append(code)
        append(UInt16(truncatingIfNeeded: byteCount))
    }

    /// Ends a list of options.
    mutating func endOptions() { append(0 as UInt32) }

    /// Writes both lengths.
    mutating func end() {
        let byteCount = bytes.count + 4
        let limit = CaptureLimits.blockByteCountMax
        if byteCount > limit, fault == nil {
            fault = .valueTooLong(what: "block", byteCount: byteCount, limit: limit)
        }
        append(UInt32(truncatingIfNeeded: byteCount))
        bytes.replace(at: BlockOffset.length, littleEndian: UInt32(truncatingIfNeeded: byteCount))
    }
}

extension PacketAnnotations.Verdict {
    /// The option's value: who decided, then what.
    fileprivate var bytes: [UInt8] {
        var bytes: [UInt8] = []
        switch self {
        case .hardware(let value): bytes = [0] + value
        case .trafficControl(let value):
            bytes.append(1)
            bytes.append(littleEndian: value)
        case .expressDataPath(let value):
            bytes.append(2)
            bytes.append(littleEndian: value)
        }
        return bytes
    }
}
