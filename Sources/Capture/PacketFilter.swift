// A filter expression, compiled by libpcap to a BPF program (pcap-filter(7)).
//
// libpcap owns the language: what tcpdump accepts is accepted here, and its own words say what is
// wrong with an expression. Invariant: the program belongs to this value alone and is freed with
// it; it was compiled for one link type and means nothing for another.

import CPcap

@safe public struct PacketFilter: ~Copyable {
    public let expression: String
    public let linkType: LinkType
    private var program: bpf_program

    /// Compiles `expression` for packets of `linkType`. The empty expression matches every packet.
    public init(_ expression: String, linkType: LinkType) throws(CaptureFault) {
        let handle = unsafe pcap_open_dead_with_tstamp_precision(
            linkType.datalink, Int32(CaptureLimits.capturedByteCountMax),
            UInt32(PCAP_TSTAMP_PRECISION_NANO))
        guard let handle = unsafe handle else {
            throw .system(call: "pcap_open_dead", message: "out of memory")
        }
        defer { unsafe pcap_close(handle) }
        var program = unsafe bpf_program()
        guard unsafe pcap_compile(handle, &program, expression, 1, netmaskUnknown) == 0 else {
            throw .filter(
                expression: expression, message: unsafe String(cString: pcap_geterr(handle)))
        }
        unsafe self.program = unsafe program
        self.expression = expression
        self.linkType = linkType
    }

    deinit {
        var program = unsafe program
        unsafe pcap_freecode(&program)
    }

    /// Whether a packet that starts with `bytes` and had `originalByteCount` bytes on the wire
    /// passes the filter.
    public func matches(_ bytes: RawSpan, originalByteCount: Int) -> Bool {
        var header = pcap_pkthdr()
        header.caplen = UInt32(truncatingIfNeeded: bytes.byteCount)
        header.len = UInt32(truncatingIfNeeded: originalByteCount)
        return unsafe bytes.withUnsafeBytes { bytes in
            let packet = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return unsafe withUnsafePointer(to: program) { program in
                unsafe pcap_offline_filter(program, &header, packet) != 0
            }
        }
    }
}

/// PCAP_NETMASK_UNKNOWN: there is no network whose broadcast addresses could be asked for.
private let netmaskUnknown: UInt32 = 0xffff_ffff
