// Packets read through libpcap: pipes, standard input, and formats the memory map does not know.
//
// libpcap owns the file handle and reads a packet at a time; its bytes are good until the next
// call. Invariant: `fill` copies whole packets into the caller's region and describes each in
// `records`, whose places count as if the stream were a classic pcap file; what a previous `fill`
// described is gone. Here `unsafe` stands only where libpcap is called.

import CPcap
import Glibc

@safe struct LibpcapStream: ~Copyable {
    /// Nil for the empty stream of a reader that needs none.
    private let handle: OpaquePointer?
    let linkType: LinkType
    let snapByteCount: Int
    private(set) var records: [PacketRecord] = []
    /// What to do once `records` are used up.
    private(set) var outcome = Outcome.more
    private var offset = ClassicFormat.headerByteCount

    enum Outcome {
        case more
        case end
        /// libpcap's words for a stream that ends inside a packet.
        case cut(String)
        case failed(CaptureFault)
    }

    /// A stream without packets.
    init() {
        unsafe handle = nil
        linkType = .ethernet
        snapByteCount = CaptureLimits.capturedByteCountMax
        outcome = .end
    }

    /// Takes over `descriptor`, and closes it whatever happens.
    init(descriptor: Int32) throws(CaptureFault) {
        guard let file = unsafe fdopen(descriptor, "r") else {
            let fault = CaptureFault.lastSystemError("fdopen")
            close(descriptor)
            throw fault
        }
        let first = unsafe getc(file)
        unsafe ungetc(first, file)
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let opened = unsafe pcap_fopen_offline_with_tstamp_precision(
            file, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message)
        guard let handle = unsafe opened else {
            unsafe fclose(file)
            if first == EOF { throw .empty }
            if first == 0x1f { throw ForeignFormat.gzip }
            throw .libpcap(message: text(message))
        }
        unsafe self.handle = handle
        linkType = unsafe LinkType(datalink: pcap_datalink(handle))
        snapByteCount = effectiveSnapLength(
            UInt32(truncatingIfNeeded: unsafe pcap_snapshot(handle)))
    }

    deinit { if let handle = unsafe handle { unsafe pcap_close(handle) } }

    /// Reads ahead into `region`, replacing what it held; returns where in the stream that starts.
    mutating func fill(_ region: borrowing ByteRegion) -> Int {
        records.removeAll(keepingCapacity: true)
        let start = offset
        while case .more = outcome, records.count < CaptureLimits.streamRecordCountMax,
            region.byteCount - (offset - start) >= CaptureLimits.capturedByteCountMax
                + ClassicFormat.recordHeaderByteCount
        { readOne(region, start) }
        return start
    }

    private mutating func readOne(_ region: borrowing ByteRegion, _ start: Int) {
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var packet: UnsafePointer<UInt8>?
        let result = unsafe pcap_next_ex(handle, &header, &packet)
        guard result == 1, let header = unsafe header?.pointee else {
            outcome = result == PCAP_ERROR_BREAK ? .end : failure()
            return
        }
        let captured = header.caplen
        guard captured <= CaptureLimits.capturedByteCountMax else {
            outcome = .failed(
                .capturedLengthAboveLimit(captured, limit: CaptureLimits.capturedByteCountMax))
            return
        }
        guard let timestamp = nanoseconds(header.ts) else {
            outcome = .failed(.timestampUncountable)
            return
        }
        var record = PacketRecord()
        record.timestampNanoseconds = timestamp
        record.fileOffset = offset
        record.position = offset + ClassicFormat.recordHeaderByteCount
        record.linkType = linkType
        record.setByteCounts(captured: captured, original: header.len)
        let bytes = unsafe UnsafeRawBufferPointer(start: packet, count: Int(captured))
        unsafe region.store(bytes, at: record.position - start)
        records.append(record)
        offset = record.position + Int(captured)
    }

    private func failure() -> Outcome {
        let message = unsafe String(cString: pcap_geterr(handle))
        return message.hasPrefix("truncated ") ? .cut(message) : .failed(.libpcap(message: message))
    }
}

/// libpcap keeps a classic file's unsigned seconds as a signed 32-bit number: years from 2038 on
/// come out negative, and are put right here. The "microseconds" are nanoseconds, as asked for.
private func nanoseconds(_ time: timeval) -> UInt64? {
    let seconds =
        time.tv_sec < 0
        ? UInt64(UInt32(truncatingIfNeeded: time.tv_sec)) : UInt64(time.tv_sec)
    let (value, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = value.addingReportingOverflow(UInt64(truncatingIfNeeded: time.tv_usec))
    return overflow || carry ? nil : sum
}

/// The text of a C buffer up to its zero.
func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

extension CaptureFault {
    /// The failure that `errno` tells of.
    static func lastSystemError(_ call: String) -> CaptureFault {
        .system(call: call, message: unsafe String(cString: strerror(errno)))
    }
}
