// The pcapng format (draft-ietf-opsawg-pcapng): a walk from block to block.
//
// Sections, each in its own byte order, describe interfaces; packets refer to them. Invariant: the
// cursor stands at a block boundary and moves only past a block that is wholly there and whose two
// lengths agree. Blocks other than sections, interfaces and packets are checked for length and
// passed over. This file frames blocks; SectionBlocks and PacketBlocks read what is in them.

struct BlockFormat {
    var isSwapped = false
    var sectionCount = 0
    /// Index of the section's first interface in `clocks` and `interfaces`.
    var firstInterface = 0
    /// What a packet needs to know of its interface, apart from `interfaces` because that has
    /// strings, which a hot loop must not touch.
    var clocks: [InterfaceClock] = []
    var interfaces: [CaptureInterface] = []

    struct InterfaceClock {
        let linkType: LinkType
        let snapByteCount: Int
        let scale: TimestampScale
    }

    /// A block that is wholly there.
    struct Block {
        let type: UInt32
        let offset: Int
        let byteCount: Int

        var end: Int { offset &+ byteCount }
    }

    static func matches(_ bytes: RawSpan) -> Bool {
        bytes.byteCount >= 4 && bytes.u32(0, swapped: false) == BlockType.section
    }

    /// Reads the first section header and every block up to the first packet, so that the
    /// interfaces a file starts with are known before its packets are asked for.
    mutating func open(_ bytes: RawSpan, _ cursor: inout Int) throws(Misread) {
        guard bytes.byteCount >= sectionByteCountMin else {
            throw headerCut(bytes, missing: sectionByteCountMin - bytes.byteCount)
        }
        if case .cut(let missing) = try frame(bytes, cursor) {
            throw headerCut(bytes, missing: missing)
        }
        while case .block(let block) = try frame(bytes, cursor), !block.isPacket {
            try read(block, bytes)
            cursor = block.end
        }
    }

    private func headerCut(_ bytes: RawSpan, missing: Int) -> Misread {
        let byteCount = bytes.byteCount
        return Misread(
            at: byteCount, .headerCut(byteCount: byteCount, needed: byteCount + missing))
    }

    /// Reads the next packet.
    mutating func next(
        _ region: borrowing ByteRegion, _ cursor: inout Int, _ record: inout PacketRecord
    ) throws(Misread) -> ReadStep {
        try next(region.bytes, &cursor, &record)
    }

    /// Reads packets into `records` from `count` on, until it is full or there is no other.
    mutating func next(
        _ region: borrowing ByteRegion, _ cursor: inout Int,
        _ records: inout MutableSpan<PacketRecord>, _ count: inout Int
    ) throws(Misread) -> ReadStep {
        let bytes = region.bytes
        var position = cursor
        defer { cursor = position }
        while count < records.count {
            let step = try next(bytes, &position, &records[count])
            guard case .packet = step else { return step }
            count += 1
        }
        return .packet
    }

    /// Reads on to the next packet and moves past it.
    @inline(__always)
    private mutating func next(
        _ bytes: RawSpan, _ cursor: inout Int, _ record: inout PacketRecord
    ) throws(Misread) -> ReadStep {
        while true {
            switch try frame(bytes, cursor) {
            case .end: return .end
            case .cut(let missing): return .cut(missing: missing)
            case .block(let block):
                if block.isPacket {
                    try readPacket(block, bytes, &record)
                    cursor = block.end
                    return .packet
                }
                try read(block, bytes)
                cursor = block.end
            }
        }
    }

    private enum Framing {
        case block(Block)
        case end
        case cut(missing: Int)
    }

    /// Finds the bounds of the block at `cursor`. Sets the byte order when it opens a section.
    @inline(__always)
    private mutating func frame(_ bytes: RawSpan, _ cursor: Int) throws(Misread) -> Framing {
        let left = bytes.byteCount &- cursor
        guard left >= BlockOffset.frameByteCount else {
            return left == 0 ? .end : .cut(missing: BlockOffset.frameByteCount &- left)
        }
        let header = bytes.extracting(cursor..<cursor &+ BlockOffset.frameByteCount)
        let type = header.u32(0, swapped: isSwapped)
        if type == BlockType.section { try readByteOrder(header, cursor) }
        let length = header.u32(BlockOffset.length, swapped: isSwapped)
        let byteCount = Int(length)
        guard byteCount >= BlockOffset.frameByteCount,
            byteCount <= CaptureLimits.blockByteCountMax, byteCount & 3 == 0
        else { throw absurd(length, cursor) }
        guard byteCount <= left else { return .cut(missing: byteCount &- left) }
        let trailing = bytes.u32(cursor &+ byteCount &- 4, swapped: isSwapped)
        guard trailing == length else {
            throw Misread(
                at: cursor + byteCount - 4,
                .blockLengthsDiffer(leading: length, trailing: trailing))
        }
        return .block(Block(type: type, offset: cursor, byteCount: byteCount))
    }

    private func absurd(_ length: UInt32, _ cursor: Int) -> Misread {
        let isOdd = length >= 12 && Int(length) <= CaptureLimits.blockByteCountMax
        return Misread(
            at: cursor + BlockOffset.length,
            isOdd
                ? .blockLengthNotMultipleOfFour(length)
                : .blockLengthAbsurd(length, least: BlockOffset.frameByteCount))
    }

    /// Reads a block that is not a packet.
    private mutating func read(_ block: Block, _ bytes: RawSpan) throws(Misread) {
        switch block.type {
        case BlockType.section: try readSection(block, bytes)
        case BlockType.interface: try readInterface(block, bytes)
        default: break
        }
    }
}

extension BlockFormat.Block {
    @inline(__always)
    var isPacket: Bool {
        type == BlockType.enhancedPacket || type == BlockType.simplePacket
            || type == BlockType.obsoletePacket
    }

    /// Refuses a block shorter than its fixed part.
    @inline(__always)
    func expect(_ least: Int) throws(Misread) {
        guard byteCount >= least else {
            throw Misread(
                at: offset + BlockOffset.length,
                .blockLengthAbsurd(UInt32(truncatingIfNeeded: byteCount), least: least))
        }
    }
}
