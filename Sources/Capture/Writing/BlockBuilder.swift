// One pcapng block under construction.
//
// Reused for every block, so that a packet costs no allocation. Invariant: `bytes` start at a block
// boundary and every field appended so far is padded; what does not fit the format is remembered in
// `fault`, and a block with a fault is never written.

struct BlockBuilder: ~Copyable {
    private(set) var bytes = ByteBuffer()
    private(set) var fault: CaptureFault?

    mutating func begin(_ type: UInt32) {
        bytes.removeAll()
        fault = nil
        append(type)
        append(0 as UInt32)
    }

    mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) {
        bytes.append(value)
    }

    mutating func append(_ data: RawSpan) {
        bytes.append(data)
        bytes.pad()
    }

    /// Appends an option, or nothing when there is no text.
    mutating func appendOption(_ code: UInt16, _ text: String?, what: String) {
        guard let text else { return }
        beginOption(code, byteCount: text.utf8.count, what: what)
        bytes.append(text)
        bytes.pad()
    }

    /// Appends an option, or nothing when there is no value.
    mutating func appendOption<Value: FixedWidthInteger & BitwiseCopyable>(
        _ code: UInt16, _ value: Value?
    ) {
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

    /// The value of a verdict is one byte for who decided, then what.
    private mutating func append(_ verdict: PacketAnnotations.Verdict?) {
        switch verdict {
        case nil: return
        case .hardware(let value):
            beginOption(OptionCode.packetVerdict, byteCount: 1 + value.count, what: "verdict")
            bytes.append(0 as UInt8)
            for byte in value { bytes.append(byte) }
        case .trafficControl(let value):
            beginOption(OptionCode.packetVerdict, byteCount: 9, what: "verdict")
            bytes.append(1 as UInt8)
            bytes.append(value)
        case .expressDataPath(let value):
            beginOption(OptionCode.packetVerdict, byteCount: 9, what: "verdict")
            bytes.append(2 as UInt8)
            bytes.append(value)
        }
        bytes.pad()
    }

    /// Appends text and the zero that ends it, without padding.
    mutating func append(zeroEnded text: String) {
        bytes.append(text)
        bytes.append(0 as UInt8)
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
        bytes.replace(at: BlockOffset.length, with: UInt32(truncatingIfNeeded: byteCount))
    }
}
