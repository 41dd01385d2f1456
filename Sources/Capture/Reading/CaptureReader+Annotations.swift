// What the file says about a packet besides its bytes, read when it is asked for.
//
// Walking a file does not look at packet options at all. Only pcapng has them; for other formats
// and for blocks without options the answer is an empty value.

extension CaptureReader {
    /// The comments, direction, packet id and verdict of a packet.
    public func annotations(
        of record: PacketRecord
    ) throws(CaptureError) -> PacketAnnotations {
        guard record.mayHaveOptions else { return PacketAnnotations() }
        do throws(Misread) {
            return try PacketAnnotations(block: mapped, record)
        } catch {
            throw CaptureError(path: path, byteOffset: error.byteOffset, fault: error.fault)
        }
    }
}

extension PacketAnnotations {
    /// Reads the options that follow the packet in its block, whose bounds the walk has checked.
    fileprivate init(block bytes: RawSpan, _ record: PacketRecord) throws(Misread) {
        self.init()
        let length = bytes.u32(record.fileOffset + BlockOffset.length, swapped: record.isSwapped)
        let start = record.position + padded(record.capturedByteCount)
        let end = record.fileOffset + Int(length) - 4
        var options = BlockOptions(
            bytes.extracting(start..<end), isSwapped: record.isSwapped, at: start)
        while try options.next() { try read(options) }
    }

    private mutating func read(_ option: borrowing BlockOptions) throws(Misread) {
        switch option.code {
        case OptionCode.comment: comments.append(option.value.text)
        case OptionCode.packetFlags: direction = Direction(rawValue: try option.u32 & 3)
        case OptionCode.packetID: packetID = try option.u64
        case OptionCode.packetVerdict: verdict = Verdict(option)
        default: break
        }
    }
}

extension PacketAnnotations.Verdict {
    /// Nil for an authority not listed here, which the format tells readers to pass over.
    fileprivate init?(_ option: borrowing BlockOptions) {
        let value = option.value
        guard value.byteCount > 0 else { return nil }
        switch (value.u8(0), value.byteCount) {
        case (0, _):
            self = .hardware(value.extracting(droppingFirst: 1).array)
        case (1, 9): self = .trafficControl(value.u64(1, swapped: option.isSwapped))
        case (2, 9): self = .expressDataPath(value.u64(1, swapped: option.isSwapped))
        default: return nil
        }
    }
}
