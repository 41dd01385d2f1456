// libpcap as the reference reader, called here without anything of the module under test.
// What it reads is copied out at once, so that a comparison can outlive the file.

import CPcap
import Foundation

struct LibpcapOracle {
    var packets: [ExpectedPacket] = []
    /// libpcap's words, if it did not reach the end.
    var failure: String?

    init(bytes: [UInt8]) {
        var bytes = bytes
        unsafe bytes.withUnsafeMutableBytes { buffer in
            guard let file = unsafe fmemopen(buffer.baseAddress, buffer.count, "r") else {
                failure = "fmemopen"
                return
            }
            unsafe read(file)
        }
    }

    init(path: String) {
        guard let file = unsafe fopen(path, "r") else {
            failure = "fopen"
            return
        }
        unsafe read(file)
    }

    private mutating func read(_ file: UnsafeMutablePointer<FILE>) {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        let opened = unsafe pcap_fopen_offline_with_tstamp_precision(
            file, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message)
        guard let handle = unsafe opened else {
            failure = String(
                decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            unsafe fclose(file)
            return
        }
        defer { unsafe pcap_close(handle) }
        let linkType = unsafe UInt32(pcap_datalink(handle))
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var data: UnsafePointer<UInt8>?
        var result = unsafe pcap_next_ex(handle, &header, &data)
        while result == 1, let found = unsafe header?.pointee {
            let seconds = UInt64(bitPattern: Int64(found.ts.tv_sec))
            let bytes = unsafe UnsafeBufferPointer(start: data, count: Int(found.caplen))
            packets.append(
                ExpectedPacket(
                    timestampNanoseconds: seconds &* 1_000_000_000
                        &+ UInt64(bitPattern: Int64(found.ts.tv_usec)),
                    originalByteCount: Int(found.len), linkType: linkType, interfaceIndex: 0,
                    bytes: unsafe Array(bytes)))
            result = unsafe pcap_next_ex(handle, &header, &data)
        }
        if result != PCAP_ERROR_BREAK { failure = unsafe String(cString: pcap_geterr(handle)) }
    }
}
