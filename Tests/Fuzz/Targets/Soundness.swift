// Whether the checksums of an IP packet are right, as far as its bytes can tell. Two packets of equal
// soundness are right and wrong in the same places, which is what a rewrite promises.

import Wire

struct Soundness: Equatable, CustomStringConvertible {
    /// The IPv4 header's; nil without one.
    private(set) var header: Bool?
    /// The transport layer's; nil without one that can be checked.
    private(set) var transport: Bool?

    var description: String { "(header \(header as Bool?), transport \(transport as Bool?))" }

    init(packet bytes: RawSpan) {
        if let ip = IPv4Header(bytes) {
            header = ip.isChecksumValid
            guard ip.totalByteCount <= bytes.byteCount, !ip.isFragment else { return }
            judge(ip.proto, ip.payload, ip.addresses)
        } else if let ip = IPv6Header(bytes), case .upperLayer(let upper) = ip.walk {
            guard ip.totalByteCount <= bytes.byteCount, upper.fragment == nil else { return }
            judge(upper.proto, ip.packet.from(upper.offset), ip.addresses)
        }
    }

    private mutating func judge(
        _ proto: IPProtocol, _ bytes: RawSpan, _ addresses: AddressPair
    ) {
        switch proto {
        case .tcp: transport = TCPHeader(bytes)?.isChecksumValid(between: addresses)
        case .udp:
            // None was sent: a director computes one, over as many bytes as there are.
            guard let udp = UDPHeader(bytes), udp.checksum != 0 else { return }
            transport = udp.isChecksumValid(between: addresses)
        case .sctp: transport = SCTPHeader(bytes)?.isChecksumValid
        case .icmp: transport = ICMPHeader(bytes)?.isChecksumValid
        case .icmpv6: transport = ICMPv6Header(bytes)?.isChecksumValid(between: addresses)
        default: break
        }
    }
}
