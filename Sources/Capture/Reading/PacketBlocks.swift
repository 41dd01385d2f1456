// The three packet blocks of pcapng (draft-ietf-opsawg-pcapng, 4.3, 4.4 and appendix A).
//
// Invariant: a record is filled only from a block whose captured bytes lie wholly inside it and
// whose interface its section has described. As in libpcap, a captured length above the interface's
// snap length is refused: here, unlike in classic files, writers have no history of getting it
// wrong.

extension BlockFormat {
    @inline(__always)
    func readPacket(
        _ block: Block, _ bytes: RawSpan, _ record: inout PacketRecord
    ) throws(Misread) {
        record.fileOffset = block.offset
        record.isSwapped = isSwapped
        switch block.type {
        case BlockType.enhancedPacket:
            try block.expect(32)
            let index = bytes.u32(block.offset &+ 8, swapped: isSwapped)
            try readPacket(block, bytes, &record, interface: index)
        case BlockType.obsoletePacket:
            try block.expect(32)
            let index = UInt32(bytes.u16(block.offset &+ 8, swapped: isSwapped))
            try readPacket(block, bytes, &record, interface: index)
        default:
            try readSimplePacket(block, bytes, &record)
        }
    }

    /// Enhanced and obsolete packet blocks are alike after the interface.
    @inline(__always)
    private func readPacket(
        _ block: Block, _ bytes: RawSpan, _ record: inout PacketRecord, interface index: UInt32
    ) throws(Misread) {
        let clock = try clock(index, block)
        let header = bytes.extracting(block.offset..<block.offset &+ 28)
        let high = UInt64(header.u32(12, swapped: isSwapped))
        let low = UInt64(header.u32(16, swapped: isSwapped))
        let captured = header.u32(20, swapped: isSwapped)
        let room = block.byteCount &- 32
        guard padded(Int(captured)) <= room, Int(captured) <= clock.snapByteCount else {
            throw tooLong(captured, room: room, clock, at: block.offset + 20)
        }
        guard let timestamp = clock.scale.nanoseconds(high << 32 | low) else {
            throw Misread(at: block.offset + 12, .timestampUncountable)
        }
        record.timestampNanoseconds = timestamp
        record.position = block.offset &+ 28
        record.setByteCounts(
            captured: captured, original: header.u32(24, swapped: isSwapped))
        record.interfaceIndex = UInt32(truncatingIfNeeded: firstInterface) &+ index
        record.linkType = clock.linkType
        record.mayHaveOptions = true
        record.hasTimestamp = true
    }

    /// A simple packet block belongs to the section's first interface and has no time stamp; its
    /// captured length is the smaller of original length and snap length.
    private func readSimplePacket(
        _ block: Block, _ bytes: RawSpan, _ record: inout PacketRecord
    ) throws(Misread) {
        try block.expect(16)
        let clock = try clock(0, block)
        let original = bytes.u32(block.offset + 8, swapped: isSwapped)
        let captured = min(original, UInt32(truncatingIfNeeded: clock.snapByteCount))
        let room = block.byteCount - 16
        guard padded(Int(captured)) <= room else {
            throw tooLong(captured, room: room, clock, at: block.offset + 8)
        }
        record.timestampNanoseconds = 0
        record.position = block.offset + 12
        record.setByteCounts(captured: captured, original: original)
        record.interfaceIndex = UInt32(truncatingIfNeeded: firstInterface)
        record.linkType = clock.linkType
        record.mayHaveOptions = false
        record.hasTimestamp = false
    }

    @inline(__always)
    private func clock(_ index: UInt32, _ block: Block) throws(Misread) -> InterfaceClock {
        let count = clocks.count &- firstInterface
        guard Int(index) < count else {
            throw Misread(at: block.offset + 8, .interfaceUnknown(index, count: count))
        }
        return clocks[firstInterface &+ Int(index)]
    }

    private func tooLong(
        _ captured: UInt32, room: Int, _ clock: InterfaceClock, at offset: Int
    ) -> Misread {
        let fault: CaptureFault =
            if Int(captured) > CaptureLimits.capturedByteCountMax {
                .capturedLengthAboveLimit(captured, limit: CaptureLimits.capturedByteCountMax)
            } else if padded(Int(captured)) > room {
                .capturedLengthAboveBlock(captured, room: room)
            } else {
                .capturedLengthAboveSnapLength(captured, snapLength: clock.snapByteCount)
            }
        return Misread(at: offset, fault)
    }
}
