// The pull loop: one packet at a time, or a batch of records at once.
//
// A batch costs least: which kind of file it is gets asked once per batch, and the loop over its
// records knows the format. Nothing here allocates, retains or copies a packet, except for a stream,
// whose packets libpcap gives up at its next call. Invariant: an error or a cut is met again by the
// next call, because the cursor stays before it.

extension CaptureReader {
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
