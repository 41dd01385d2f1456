// Fragments, ICMP and tunnels: drafts that hold other packets or parts of them.
// Each is built from drafts alone, so its lengths and checksums follow from what it holds.

import Wire

extension Draft {
    /// The IPv4 frame with options, a multiple of four bytes.
    func options(_ options: [UInt8]) -> [UInt8] {
        var packet = self.packet
        packet[0] = 0x45 + UInt8(options.count / 4)
        let length = UInt16(packet.count + options.count)
        (packet[2], packet[3]) = (UInt8(length >> 8), UInt8(truncatingIfNeeded: length))
        (packet[10], packet[11]) = (0, 0)
        packet.insert(contentsOf: options, at: 20)
        let sum = Checksum.of(packet.span.raw.extracting(0..<20 + options.count))
        (packet[10], packet[11]) = (UInt8(sum >> 8), UInt8(truncatingIfNeeded: sum))
        return frame(around: packet)
    }

    /// The IPv6 frame with a routing header of type 0 and one address.
    func routed(segmentsLeft: UInt8) -> [UInt8] {
        let route: [UInt8] =
            [proto.rawValue, 2, 0, segmentsLeft, 0, 0, 0, 0]
            + [UInt8](repeating: 1, count: 16)
        return frame(around: packet(.routing, route + segment) { _ in })
    }

    /// The packet cut into fragments of at most `byteCount` bytes of data, a multiple of eight.
    func fragments(of byteCount: Int, identification: UInt32 = 77) -> [[UInt8]] {
        let body = segment
        return stride(from: 0, to: body.count, by: byteCount).map { start in
            let end = min(start + byteCount, body.count)
            return fragment(
                Array(body[start..<end]), at: start, more: end < body.count,
                identification: identification)
        }
    }

    /// One fragment holding `data`, at `offset` of its datagram.
    func fragment(
        _ data: [UInt8], at offset: Int, more: Bool, identification: UInt32 = 77,
        next: IPProtocol? = nil
    ) -> [UInt8] {
        guard addresses.isIPv6 else {
            return frame(
                around: packet(proto, data) {
                    $0.dontFragment = false
                    $0.identification = UInt16(truncatingIfNeeded: identification)
                    $0.moreFragments = more
                    $0.fragmentOffset = offset
                })
        }
        let fields = IPv6FragmentFields(
            nextHeader: next ?? proto, offset: offset, more: more, identification: identification)
        let body = [UInt8](IPv6FragmentFields.byteCount, before: data) { fields.write(to: &$0) }
        return frame(around: packet(.fragment, body) { _ in })
    }

    /// An echo request.
    static func echo(from source: IPAddress, to target: IPAddress) -> Draft {
        let isIPv6 = AddressPair.between(source, target).isIPv6
        var draft = Draft(.raw(isIPv6 ? .icmpv6 : .icmp), from: source, to: target)
        let data = Array("abcdefgh".utf8)
        draft.payload = draft.message(type: isIPv6 ? 128 : 8, parameter: 0x1234_0001, data)
        return draft
    }

    /// An ICMP error about `packet`, of the first or the other kind as the family is 4 or 6.
    static func error(
        _ type4: ICMPType, _ type6: ICMPv6Type, code: UInt8 = 0, parameter: UInt32 = 0,
        quoting packet: [UInt8], from source: IPAddress, to target: IPAddress
    ) -> Draft {
        let isIPv6 = AddressPair.between(source, target).isIPv6
        var draft = Draft(.raw(isIPv6 ? .icmpv6 : .icmp), from: source, to: target)
        draft.payload = draft.message(
            type: isIPv6 ? type6.rawValue : type4.rawValue, code: code, parameter: parameter,
            packet)
        return draft
    }

    /// The bytes of an ICMP message of the draft's family between its ends.
    func message(
        type: UInt8, code: UInt8 = 0, parameter: UInt32 = 0, _ data: [UInt8]
    ) -> [UInt8] {
        [UInt8](ICMPFields.byteCount, before: data) {
            if addresses.isIPv6 {
                ICMPv6Fields(
                    type: ICMPv6Type(rawValue: type), code: code, parameter: parameter,
                    payloadByteCount: data.count
                ).write(to: &$0, between: addresses)
            } else {
                ICMPFields(
                    type: ICMPType(rawValue: type), code: code, parameter: parameter,
                    payloadByteCount: data.count
                ).write(to: &$0)
            }
        }
    }

    /// A frame in VXLAN, as a node sends it.
    static func tunnel(
        _ inner: [UInt8], from source: IPAddress, to target: IPAddress, vni: UInt32 = 4096,
        sourcePort: UInt16 = 50_000, trafficClass: UInt8 = 0
    ) -> Draft {
        var draft = Draft(.udp, from: source, sourcePort, to: target, 4789)
        draft.payload =
            [UInt8](VXLANFields.byteCount, before: inner) {
                VXLANFields(vni: VNI(rawValue: vni)).write(to: &$0)
            }
        draft.trafficClass = trafficClass
        return draft
    }
}
