// Whole packets from the builders of Wire, inside out: each function takes the payload and answers
// with header and payload.

import Wire

enum Build {
    static let source = MACAddress(rawValue: 0x0242_0a00_0002)
    static let destination = MACAddress(rawValue: 0x0242_0a00_0003)
    static let v4 = AddressPair.v4(
        source: IPv4Address(198, 51, 100, 7), destination: IPv4Address(203, 0, 113, 9))
    static let v6 = AddressPair.v6(
        source: IPv6Address(high: 0x2001_0db8_0000_0000, low: 7),
        destination: IPv6Address(high: 0x2001_0db8_00ff_0000, low: 9))

    static func ethernet(_ type: EtherType, tags: [VLANTag] = [], _ payload: [UInt8]) -> [UInt8] {
        var type = type
        var frame = payload
        for tag in tags.reversed() {
            frame = [UInt8](VLANTag.byteCount, before: frame) {
                tag.write(to: &$0, followedBy: type)
            }
            type = tag.tpid
        }
        let fields = EthernetFields(destination: destination, source: source, etherType: type)
        return [UInt8](EthernetFields.byteCount, before: frame) { fields.write(to: &$0) }
    }

    /// IPv4 or IPv6, as `addresses` say; `change` sees the IPv4 fields before they are written.
    static func ip(
        _ addresses: AddressPair, _ proto: IPProtocol, _ payload: [UInt8],
        change: (inout IPv4Fields) -> Void = { _ in }
    ) -> [UInt8] {
        switch addresses {
        case .v4(let source, let destination):
            var fields = IPv4Fields(
                source: source, destination: destination, proto: proto,
                payloadByteCount: payload.count)
            change(&fields)
            return [UInt8](IPv4Fields.byteCount, before: payload) { fields.write(to: &$0) }
        case .v6(let source, let destination):
            let fields = IPv6Fields(
                source: source, destination: destination, nextHeader: proto,
                payloadByteCount: payload.count)
            return [UInt8](IPv6Fields.byteCount, before: payload) { fields.write(to: &$0) }
        }
    }

    static func frame(
        _ addresses: AddressPair, _ proto: IPProtocol, tags: [VLANTag] = [], _ payload: [UInt8]
    ) -> [UInt8] {
        ethernet(addresses.isIPv6 ? .ipv6 : .ipv4, tags: tags, ip(addresses, proto, payload))
    }

    static func tcp(
        _ addresses: AddressPair, flags: TCPFlags = .ack, mss: UInt16? = nil,
        _ payload: [UInt8] = []
    ) -> [UInt8] {
        var fields = TCPFields(
            sourcePort: Port(40000), destinationPort: Port(8080), sequence: 0x1234_5678,
            acknowledgment: 0x9abc_def0, flags: flags)
        fields.maximumSegmentSize = mss
        fields.payloadByteCount = payload.count
        return [UInt8](fields.headerByteCount, before: payload) {
            fields.write(to: &$0, between: addresses)
        }
    }

    static func udp(
        _ addresses: AddressPair, source: Port = Port(40001), destination: Port = Port(9999),
        _ payload: [UInt8]
    ) -> [UInt8] {
        let fields = UDPFields(
            sourcePort: source, destinationPort: destination, payloadByteCount: payload.count)
        return [UInt8](UDPFields.byteCount, before: payload) {
            fields.write(to: &$0, between: addresses)
        }
    }

    /// With one DATA chunk of four bytes.
    static func sctp() -> [UInt8] {
        let chunk: [UInt8] = [
            0, 3, 0, 20, 0, 0, 0, 1, 0, 1, 0, 2, 0, 0, 0, 0, 0x77, 0x65, 0x66, 0x74,
        ]
        let fields = SCTPFields(
            sourcePort: Port(40002), destinationPort: Port(5001), verificationTag: 0xdead_beef,
            payloadByteCount: chunk.count)
        return [UInt8](SCTPFields.byteCount, before: chunk) { fields.write(to: &$0) }
    }

    static func icmp(_ fields: ICMPFields, _ payload: [UInt8]) -> [UInt8] {
        [UInt8](ICMPFields.byteCount, before: payload) { fields.write(to: &$0) }
    }

    static func icmpv6(_ fields: ICMPv6Fields, _ payload: [UInt8]) -> [UInt8] {
        [UInt8](ICMPv6Fields.byteCount, before: payload) { fields.write(to: &$0, between: v6) }
    }

    static func fragment(_ fields: IPv6FragmentFields, _ payload: [UInt8]) -> [UInt8] {
        [UInt8](IPv6FragmentFields.byteCount, before: payload) { fields.write(to: &$0) }
    }

    /// Hop-by-Hop, Routing or Destination Options of eight bytes, padded; the routing header is of
    /// an experimental type with nothing left to visit.
    static func option(_ proto: IPProtocol, next: IPProtocol, _ payload: [UInt8]) -> [UInt8] {
        let body: [UInt8] = proto == .routing ? [253, 0, 0, 0, 0, 0] : [1, 4, 0, 0, 0, 0]
        return [next.rawValue, 0] + body + payload
    }

    static func vxlan(over underlay: AddressPair, trafficClass: UInt8 = 0, _ inner: [UInt8])
        -> [UInt8]
    {
        var tunnel = VXLANEncapsulation(
            sourceMAC: source, destinationMAC: destination, underlay: underlay,
            sourcePort: Port(50000), vni: VNI(rawValue: 4096))
        tunnel.trafficClass = trafficClass
        return [UInt8](tunnel.byteCount, before: inner) {
            tunnel.write(to: &$0, innerByteCount: inner.count)
        }
    }
}
