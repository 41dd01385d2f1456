// Section header and interface description blocks (draft-ietf-opsawg-pcapng, 4.1 and 4.2).
//
// Invariant: a section starts with no interfaces, and an interface is added to `clocks` and
// `interfaces` together or not at all. The section length is not used: the walk goes block by block.

let sectionByteCountMin = 28

extension BlockFormat {
    /// Learns the byte order from the magic after the block length.
    mutating func readByteOrder(_ header: RawSpan, _ cursor: Int) throws(Misread) {
        let magic = header.u32(BlockOffset.body, swapped: false)
        guard magic == byteOrderMagic || magic == byteOrderMagic.byteSwapped else {
            throw Misread(at: cursor + BlockOffset.body, .byteOrderMagic(magic))
        }
        isSwapped = magic != byteOrderMagic
    }

    mutating func readSection(_ block: Block, _ bytes: RawSpan) throws(Misread) {
        try block.expect(sectionByteCountMin)
        let major = bytes.u16(block.offset + 12, swapped: isSwapped)
        let minor = bytes.u16(block.offset + 14, swapped: isSwapped)
        // Minor version 2 was written by mistake and is the same format.
        guard major == 1, minor == 0 || minor == 2 else {
            throw Misread(at: block.offset + 12, .sectionVersion(major: major, minor: minor))
        }
        sectionCount += 1
        firstInterface = clocks.count
    }

    mutating func readInterface(_ block: Block, _ bytes: RawSpan) throws(Misread) {
        let fixedByteCount = 16
        try block.expect(fixedByteCount + 4)
        guard clocks.count < CaptureLimits.interfaceCountMax else {
            throw Misread(
                at: block.offset, .tooManyInterfaces(limit: CaptureLimits.interfaceCountMax))
        }
        let linkType = bytes.u16(block.offset + 8, swapped: isSwapped)
        var interface = CaptureInterface(
            linkType: LinkType(rawValue: UInt32(linkType)),
            snapByteCount: effectiveSnapLength(bytes.u32(block.offset + 12, swapped: isSwapped)),
            sectionIndex: sectionCount - 1)
        var resolution: UInt8 = 6
        let start = block.offset + fixedByteCount
        var options = BlockOptions(
            bytes.extracting(start..<block.end - 4), isSwapped: isSwapped, at: start)
        while try options.next() { try interface.read(options, &resolution) }
        guard
            let scale = TimestampScale(
                resolution: resolution, offsetSeconds: interface.timestampOffsetSeconds)
        else { throw Misread(at: block.offset, .timestampResolution(resolution)) }
        interface.timestampResolution = resolution
        interfaces.append(interface)
        clocks.append(
            InterfaceClock(
                linkType: interface.linkType, snapByteCount: interface.snapByteCount,
                scale: scale))
    }
}

extension CaptureInterface {
    fileprivate mutating func read(
        _ option: borrowing BlockOptions, _ resolution: inout UInt8
    ) throws(Misread) {
        switch option.code {
        case OptionCode.interfaceName: name = option.value.text
        case OptionCode.interfaceDescription: description = option.value.text
        case OptionCode.timestampResolution: resolution = try option.u8
        case OptionCode.frameCheckLength: frameCheckByteCount = Int(try option.u8)
        case OptionCode.timestampOffset: timestampOffsetSeconds = Int64(bitPattern: try option.u64)
        default: break
        }
    }
}
