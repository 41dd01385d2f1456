// Writes pcapng files (draft-ietf-opsawg-pcapng): one section, little-endian, nanoseconds.
//
// Invariant: every block is whole, its two lengths agree, and an interface is described before its
// first packet. The same calls give the same bytes: nothing of this machine, its clock or its name
// gets in. A block the format cannot hold is an error and leaves nothing of itself behind.

public struct PcapNGWriter: ~Copyable {
    private var sink: ByteSink
    private var block: BlockBuilder
    private var interfaceCount = 0

    /// Names an interface of this writer's file.
    public struct InterfaceID: Hashable, Sendable {
        public let index: Int
    }

    /// What the section header says of where the capture was made.
    public struct Origin: Sendable {
        public var hardware: String?
        public var operatingSystem: String?
        public var application: String?

        public init(
            hardware: String? = nil, operatingSystem: String? = nil, application: String? = nil
        ) {
            self.hardware = hardware
            self.operatingSystem = operatingSystem
            self.application = application
        }
    }

    /// Starts a file, which must be none of `files` and is one of them from then on; `-` is standard
    /// output.
    public init(
        path: String, origin: Origin = Origin(), among files: inout FilesInUse
    ) throws(CaptureError) {
        var block = BlockBuilder()
        block.begin(BlockType.section)
        block.append(byteOrderMagic)
        block.append(1 as UInt16)
        block.append(0 as UInt16)
        block.append(UInt64.max)
        block.appendOption(OptionCode.hardware, origin.hardware, what: "hardware name")
        block.appendOption(OptionCode.operatingSystem, origin.operatingSystem, what: "system name")
        block.appendOption(OptionCode.application, origin.application, what: "application name")
        block.endOptions()
        block.end()
        if let fault = block.fault { throw CaptureError(path: path, fault: fault) }
        sink = try ByteSink(path: path, among: &files)
        sink.buffer.append(block.bytes)
        self.block = block
    }

    public init(path: String, origin: Origin = Origin()) throws(CaptureError) {
        var files = FilesInUse()
        try self.init(path: path, origin: origin, among: &files)
    }

    /// Describes an interface, whose packets may follow. Time stamps are in nanoseconds whatever
    /// `interface` says of its resolution, offset and section.
    public mutating func addInterface(
        _ interface: CaptureInterface
    ) throws(CaptureError) -> InterfaceID {
        guard interfaceCount < CaptureLimits.interfaceCountMax else {
            throw error(.tooManyInterfaces(limit: CaptureLimits.interfaceCountMax))
        }
        guard let linkType = UInt16(exactly: interface.linkType.rawValue) else {
            throw error(.linkTypeUnwritable(interface.linkType))
        }
        block.begin(BlockType.interface)
        block.append(linkType)
        block.append(0 as UInt16)
        block.append(UInt32(clamping: interface.snapByteCount))
        block.appendOption(OptionCode.interfaceName, interface.name, what: "interface name")
        block.appendOption(
            OptionCode.interfaceDescription, interface.description, what: "interface description")
        block.appendOption(OptionCode.timestampResolution, 9 as UInt8)
        block.appendOption(
            OptionCode.frameCheckLength, interface.frameCheckByteCount.map(UInt8.init(clamping:)))
        block.endOptions()
        try finish()
        interfaceCount += 1
        return InterfaceID(index: interfaceCount - 1)
    }

    /// Writes one packet, of which `bytes` are at hand and `originalByteCount` were on the wire.
    public mutating func write(
        interface: InterfaceID, timestampNanoseconds: UInt64, originalByteCount: Int,
        bytes: RawSpan, annotations: PacketAnnotations = PacketAnnotations()
    ) throws(CaptureError) {
        try check(interface)
        guard bytes.byteCount <= CaptureLimits.capturedByteCountMax else {
            throw error(
                .valueTooLong(
                    what: "packet", byteCount: bytes.byteCount,
                    limit: CaptureLimits.capturedByteCountMax))
        }
        block.begin(BlockType.enhancedPacket)
        block.append(UInt32(truncatingIfNeeded: interface.index))
        block.append(UInt32(truncatingIfNeeded: timestampNanoseconds >> 32))
        block.append(UInt32(truncatingIfNeeded: timestampNanoseconds))
        block.append(UInt32(truncatingIfNeeded: bytes.byteCount))
        block.append(UInt32(clamping: originalByteCount))
        block.append(bytes)
        if !annotations.isEmpty {
            block.append(annotations)
            block.endOptions()
        }
        try finish()
    }

    /// Writes names for addresses. Wireshark uses them for the packets that follow.
    public mutating func write(names: [ResolvedName]) throws(CaptureError) {
        block.begin(BlockType.nameResolution)
        for name in names { block.append(name) }
        block.append(0 as UInt32)
        try finish()
    }

    /// Writes an interface's counters, as known at the time given.
    public mutating func writeStatistics(
        interface: InterfaceID, timestampNanoseconds: UInt64, received: UInt64, dropped: UInt64
    ) throws(CaptureError) {
        try check(interface)
        block.begin(BlockType.interfaceStatistics)
        block.append(UInt32(truncatingIfNeeded: interface.index))
        block.append(UInt32(truncatingIfNeeded: timestampNanoseconds >> 32))
        block.append(UInt32(truncatingIfNeeded: timestampNanoseconds))
        block.appendOption(OptionCode.statisticsReceived, received)
        block.appendOption(OptionCode.statisticsDropped, dropped)
        block.endOptions()
        try finish()
    }

    /// Writes out what is left. Until this returns the file is not complete.
    public consuming func close() throws(CaptureError) {
        try sink.close()
    }

    private func check(_ interface: InterfaceID) throws(CaptureError) {
        guard interface.index < interfaceCount else {
            throw error(
                .interfaceUnknown(UInt32(clamping: interface.index), count: interfaceCount))
        }
    }

    /// Hands the block on to the sink.
    private mutating func finish() throws(CaptureError) {
        block.end()
        if let fault = block.fault { throw error(fault) }
        sink.buffer.append(block.bytes)
        try sink.flushIfFull()
    }

    private func error(_ fault: CaptureFault) -> CaptureError {
        CaptureError(path: sink.path, byteOffset: sink.byteCount, fault: fault)
    }
}
