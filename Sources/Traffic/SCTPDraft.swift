// An SCTP packet of the shapes an association consists of (RFC 9260, sections 3.3 and 5.1).
//
// Invariant: the verification tag is the receiver's, zero with INIT (section 8.5.1); chunks are padded
// to four bytes, which their length field does not count.

import Wire

struct SCTPDraft {
    enum Chunk {
        case initiation(tag: UInt32, sequence: UInt32)
        case initiationAck(tag: UInt32, sequence: UInt32)
        case cookieEcho
        case cookieAck
        /// Acknowledges what came so far in a SACK bundled before the data.
        case data(sequence: UInt32, acknowledging: UInt32, byteCount: Int)
        case shutdown(acknowledging: UInt32)
        case shutdownAck
        case shutdownComplete
        case abort
    }

    /// Of a DATA packet before its data: common header, SACK and DATA chunk headers.
    static let dataOverheadByteCount = SCTPFields.byteCount + 16 + 16
    private static let cookieByteCount = 16
    private static let window: UInt32 = 0x1_0000

    var sourcePort: Port
    var destinationPort: Port
    var verificationTag: UInt32
    var chunk: Chunk

    var byteCount: Int { SCTPFields.byteCount + chunksByteCount }

    private var chunksByteCount: Int {
        switch chunk {
        case .initiation: 20
        case .initiationAck: 20 + 4 + Self.cookieByteCount
        case .cookieEcho: 4 + Self.cookieByteCount
        case .data(_, _, let byteCount): 16 + 16 + (byteCount + 3) & ~3
        case .shutdown: 8
        case .cookieAck, .shutdownAck, .shutdownComplete, .abort: 4
        }
    }

    /// Writes common header and chunks to the start of `bytes`.
    @_lifetime(bytes: copy bytes)
    func write(to bytes: inout MutableRawSpan) {
        var chunks = bytes.tail(from: SCTPFields.byteCount)
        writeChunks(&chunks)
        SCTPFields(
            sourcePort: sourcePort, destinationPort: destinationPort,
            verificationTag: verificationTag, payloadByteCount: chunksByteCount
        ).write(to: &bytes)
    }

    @_lifetime(bytes: copy bytes)
    private func writeChunks(_ bytes: inout MutableRawSpan) {
        switch chunk {
        case .initiation(let tag, let sequence):
            bytes.setChunk(.initiation, byteCount: 20)
            bytes.setInitiation(tag: tag, window: Self.window, sequence: sequence)
        case .initiationAck(let tag, let sequence):
            bytes.setChunk(.initiationAck, byteCount: chunksByteCount)
            bytes.setInitiation(tag: tag, window: Self.window, sequence: sequence)
            // The state cookie parameter (section 3.3.3.1).
            bytes.setU32(20, 7 << 16 | UInt32(4 + Self.cookieByteCount))
            bytes.setCookie(24, tag: tag, byteCount: Self.cookieByteCount)
        case .cookieEcho:
            bytes.setChunk(.cookieEcho, byteCount: chunksByteCount)
            bytes.setCookie(4, tag: verificationTag, byteCount: Self.cookieByteCount)
        case .cookieAck: bytes.setChunk(SCTPChunkType(rawValue: 11), byteCount: 4)
        case .data(let sequence, let acknowledging, let byteCount):
            bytes.setAcknowledgment(acknowledging, window: Self.window)
            var data = bytes.tail(from: 16)
            data.setData(sequence, byteCount: byteCount)
        case .shutdown(let acknowledging):
            bytes.setChunk(.shutdown, byteCount: 8)
            bytes.setU32(4, acknowledging)
        case .shutdownAck: bytes.setChunk(.shutdownAck, byteCount: 4)
        case .shutdownComplete: bytes.setChunk(.shutdownComplete, byteCount: 4)
        case .abort: bytes.setChunk(.abort, byteCount: 4)
        }
    }
}

extension MutableRawSpan {
    /// Stores a chunk's type, flags and length.
    @_lifetime(self: copy self)
    fileprivate mutating func setChunk(_ type: SCTPChunkType, flags: UInt8 = 0, byteCount: Int) {
        setU8(0, type.rawValue)
        setU8(1, flags)
        setU16(2, UInt16(truncatingIfNeeded: byteCount))
    }

    /// Stores what INIT and INIT ACK share, with one stream each way.
    @_lifetime(self: copy self)
    fileprivate mutating func setInitiation(tag: UInt32, window: UInt32, sequence: UInt32) {
        setU32(4, tag)
        setU32(8, window)
        setU32(12, 1 << 16 | 1)
        setU32(16, sequence)
    }

    /// A cookie that means nothing to anyone, the same whenever its association's is echoed.
    @_lifetime(self: copy self)
    fileprivate mutating func setCookie(_ offset: Int, tag: UInt32, byteCount: Int) {
        for word in 0..<byteCount / 4 { setU32(offset + word * 4, tag) }
    }

    /// Stores a SACK without gaps (section 3.3.4).
    @_lifetime(self: copy self)
    fileprivate mutating func setAcknowledgment(_ sequence: UInt32, window: UInt32) {
        setChunk(SCTPChunkType(rawValue: 3), byteCount: 16)
        setU32(4, sequence)
        setU32(8, window)
        setU32(12, 0)
    }

    /// Stores a DATA chunk: a whole message, on stream zero, of no particular protocol.
    @_lifetime(self: copy self)
    fileprivate mutating func setData(_ sequence: UInt32, byteCount: Int) {
        setChunk(.data, flags: 0b11, byteCount: 16 + byteCount)
        setU32(4, sequence)
        setU32(8, sequence & 0xffff)
        setU32(12, 0)
        Payload.fill(&self, from: 16, count: byteCount)
        for index in 16 + byteCount..<16 + (byteCount + 3) & ~3 { setU8(index, 0) }
    }
}
