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
    public private(set) var truncation: CaptureTruncation?

    private let source: Source
    private let region: ByteRegion
    private var regionStart = 0
    private var cursor: Int
    private var blocks: BlockFormat
    private var stream: LibpcapStream
    private var streamIndex = 0

    private enum Source {
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
            CaptureInterface(linkType: stream.linkType, snapByteCount: stream.snapByteCount)
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

    /// Reads the next packet; false at the end.
    public mutating func next(_ record: inout PacketRecord) throws(CaptureError) -> Bool {
        do throws(Misread) {
            switch source {
            case .classic(let classic):
                let step = try classic.next(region, &cursor, &record)
                return conclude(step)
            case .blocks:
                let step = try blocks.next(region, &cursor, &record)
                return conclude(step)
            case .stream: break
            }
        } catch {
            throw CaptureError(path: path, byteOffset: error.byteOffset, fault: error.fault)
        }
        guard try refill() else { return false }
        record = stream.records[streamIndex]
        streamIndex += 1
        return true
    }

    /// Fills `records` from the front, as many as it has room for or as there are at hand, and
    /// returns how many; zero is the end. An error waits until what precedes it has been returned.
    public mutating func next(_ records: inout [PacketRecord]) throws(CaptureError) -> Int {
        if case .stream = source { return try nextOfStream(&records) }
        var batch = records.mutableSpan
        var count = 0
        do throws(Misread) {
            switch source {
            case .classic(let classic):
                let step = try classic.next(region, &cursor, &batch, &count)
                _ = conclude(step)
            case .blocks:
                let step = try blocks.next(region, &cursor, &batch, &count)
                _ = conclude(step)
            case .stream: break
            }
        } catch {
            guard count > 0 else {
                throw CaptureError(path: path, byteOffset: error.byteOffset, fault: error.fault)
            }
        }
        return count
    }

    /// What the stream holds is given up when it is asked for more, so a batch never spans that.
    private mutating func nextOfStream(
        _ records: inout [PacketRecord]
    ) throws(CaptureError) -> Int {
        guard !records.isEmpty, try refill() else { return 0 }
        let count = min(records.count, stream.records.count - streamIndex)
        for index in 0..<count { records[index] = stream.records[streamIndex + index] }
        streamIndex += count
        return count
    }

    /// Notes a cut, and says whether there was a packet.
    @inline(__always)
    private mutating func conclude(_ step: ReadStep) -> Bool {
        switch step {
        case .packet: return true
        case .end: return false
        case .cut(let missing):
            truncation = CaptureTruncation(
                path: path, byteOffset: cursor, missingByteCount: missing, message: nil)
            return false
        }
    }

    /// Makes sure that the stream has a record at `streamIndex`; false at its end.
    private mutating func refill() throws(CaptureError) -> Bool {
        guard streamIndex == stream.records.count else { return true }
        streamIndex = 0
        regionStart = stream.fill(region)
        guard stream.records.isEmpty else { return true }
        switch stream.outcome {
        case .more, .end: return false
        case .failed(let fault): throw CaptureError(path: path, fault: fault)
        case .cut(let message):
            truncation = CaptureTruncation(
                path: path, byteOffset: nil, missingByteCount: nil, message: message)
            return false
        }
    }
}
