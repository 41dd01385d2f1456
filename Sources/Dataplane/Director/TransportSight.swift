// What the director asks of a transport header before it opens a connection: the ports, and whether
// the packet begins or ends one.
//
// Invariant: as in the kernel, a header that is not wholly there is none (20 bytes of TCP, 8 of UDP,
// 12 and a chunk header of SCTP), while inside an ICMP error four bytes are enough for the ports.

import Wire

struct TransportSight {
    var sourcePort: Port
    var destinationPort: Port
    /// TCP with SYN, SCTP that starts with INIT.
    var opens = false
    /// TCP with RST, SCTP that starts with ABORT.
    var resets = false
    /// The header is wholly there.
    var isWhole = false

    /// Nil when not even the ports are there.
    init?(_ bytes: RawSpan, _ proto: IPProtocol) {
        guard proto.hasPorts, let ports = TransportPorts(bytes) else { return nil }
        sourcePort = ports.source
        destinationPort = ports.destination
        switch proto {
        case .tcp:
            guard bytes.byteCount >= 20 else { return }
            let flags = TCPFlags(rawValue: bytes.u8(13))
            opens = flags.contains(.syn)
            resets = flags.contains(.rst)
        case .sctp:
            guard bytes.byteCount >= 16 else { return }
            let chunk = SCTPChunkType(rawValue: bytes.u8(12))
            opens = chunk == .initiation
            resets = chunk == .abort
        default:
            guard bytes.byteCount >= 8 else { return }
        }
        isWhole = true
    }
}
