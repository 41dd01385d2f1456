// Packets out of a capture file, whatever its format, one pull at a time.
//
// Regular files of the formats known here are walked in a memory map and no packet is copied; the
// rest goes through libpcap, a window of packets at a time. Invariant: a record lies inside
// `region`, which stands for the file from `regionStart` on. A last record that the file cuts short
// is not an error: it is kept as `truncation`, and every packet before it has been delivered.
//
// Where a cut ends and a lie begins: a length within CaptureLimits that runs past the end of the
// file is a cut; a length above them is a lie, and an error, wherever it stands.

public struct CaptureReader: ~Copyable {
    /// The path as it was given, or the name given to bytes in memory.
    public let path: String
    /// Set once the end is reached, if the last record was cut short.
    public internal(set) var truncation: CaptureTruncation?

    let source: Source
    let region: ByteRegion
    var regionStart = 0
    var cursor: Int
    var blocks: BlockFormat
    var stream: LibpcapStream
    var streamIndex = 0

    enum Source {
        case classic(ClassicFormat)
        case blocks
        case stream
    }

    /// Opens a file; `-` is standard input.
    public init(path: String) throws(CaptureError) {
        let file: OpenedFile
        do throws(CaptureFault) { file = try OpenedFile.open(path) } catch {
            throw CaptureError(path: path, fault: error)
        }
        switch consume file {
        case .mapped(let region): try self.init(region: region, path: path)
        case .descriptor(let descriptor): try self.init(descriptor: descriptor, path: path)
        }
    }

    /// Reads a copy of `bytes` as if it were a file called `name`.
    public init(bytes: RawSpan, name: String) throws(CaptureError) {
        guard bytes.byteCount > 0 else { throw CaptureError(path: name, fault: .empty) }
        try self.init(region: ByteRegion(copying: bytes), path: name)
    }

    /// Reads a copy of `bytes` as if it were a file called `name`.
    public init(bytes: [UInt8], name: String) throws(CaptureError) {
        // Safe for `UInt8`, which has no padding.
        try self.init(bytes: unsafe bytes.span.bytes, name: name)
    }

    private init(region: consuming ByteRegion, path: String) throws(CaptureError) {
        var blocks = BlockFormat()
        var cursor = 0
        do throws(Misread) {
            source = try Self.recognise(region, &blocks, &cursor)
        } catch {
            throw CaptureError(path: path, byteOffset: error.byteOffset, fault: error.fault)
        }
        self.path = path
        self.blocks = blocks
        self.cursor = cursor
        self.region = region
        stream = LibpcapStream()
    }

    private init(descriptor: Int32, path: String) throws(CaptureError) {
        self.path = path
        source = .stream
        do throws(CaptureFault) {
            stream = try LibpcapStream(descriptor: descriptor)
        } catch {
            throw CaptureError(path: path, fault: error)
        }
        cursor = 0
        blocks = BlockFormat()
        blocks.interfaces = [
            CaptureInterface(
                linkType: stream.linkType, snapByteCount: stream.snapByteCount,
                timestampResolution: nil)
        ]
        region = ByteRegion(zeros: CaptureLimits.streamWindowByteCount)
    }

    /// Reads the header of the file in `region`, and moves past it.
    private static func recognise(
        _ region: borrowing ByteRegion, _ blocks: inout BlockFormat, _ cursor: inout Int
    ) throws(Misread) -> Source {
        if let classic = try ClassicFormat(region.bytes) {
            cursor = ClassicFormat.headerByteCount
            blocks.interfaces = [classic.interface]
            return .classic(classic)
        }
        guard BlockFormat.matches(region.bytes) else {
            throw Misread(at: 0, ForeignFormat.fault(region.bytes))
        }
        try blocks.open(region.bytes, &cursor)
        return .blocks
    }

    /// The size of the file; nil on a stream.
    public var fileByteCount: Int? {
        if case .stream = source { return nil }
        return region.byteCount
    }

    /// The whole file, where it is mapped.
    var mapped: RawSpan {
        @_lifetime(borrow self)
        get { region.bytes }
    }

    public var format: CaptureFormat {
        switch source {
        case .classic(let classic):
            .pcap(isNanosecond: classic.isNanosecond, isSwapped: classic.isSwapped)
        case .blocks: .pcapng
        case .stream: .stream
        }
    }

    /// The interfaces described so far; a pcapng file may describe more between its packets.
    public var interfaces: [CaptureInterface] { blocks.interfaces }

    /// The packet's bytes, borrowed from the reader. `record` must come from this reader, and on a
    /// stream from its last call.
    @_lifetime(borrow self)
    public func bytes(of record: PacketRecord) -> RawSpan {
        let start = record.position &- regionStart
        return region.bytes.extracting(start..<start &+ record.capturedByteCount)
    }
}
