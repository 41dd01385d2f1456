// What nearly every packet of a trace is, seen at one glance: TCP, UDP or SCTP behind an IPv4 header
// without options, whole and untagged.
//
// Invariant: what is seen here, the longer look sees alike; anything else is left to it.

import Dataplane
import Wire

extension PacketSight {
    /// Sees another frame, in place of what was seen before; false, with nothing changed, where it takes
    /// a longer look.
    @inline(__always)
    mutating func glance(at frame: RawSpan) -> Bool {
        // As far as TCP's flags.
        guard frame.byteCount >= 48, frame.u16(12) == EtherType.ipv4.rawValue,
            frame.u8(14) == 0x45, frame.u16(20) & 0x3fff == 0
        else { return false }
        let byteCount = Int(frame.u16(16))
        let proto = IPProtocol(rawValue: frame.u8(23))
        guard byteCount >= 34, proto.hasPorts else { return false }
        source = IPv6Address(mapped: IPv4Address(rawValue: frame.u32(26)))
        destination = IPv6Address(mapped: IPv4Address(rawValue: frame.u32(30)))
        self.proto = proto
        (sourcePort, destinationPort) = (Port(frame.u16(34)), Port(frame.u16(36)))
        hasPorts = true
        flags = TCPFlags(rawValue: proto == .tcp ? frame.u8(47) : 0)
        (isFragment, isLaterFragment) = (false, false)
        identification = UInt32(frame.u16(18))
        isIPv4 = true
        (network, transport, transportByteCount) = (14, 34, byteCount &- 20)
        quoted = nil
        return true
    }
}
