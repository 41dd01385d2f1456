// Everything VXLAN puts in front of an inner frame: Ethernet, IPv4 or IPv6, UDP, VXLAN.
//
// Defaults are the Linux kernel's: TTL 64, no outer UDP checksum over IPv4 (RFC 7348, section 4.1),
// a full one over IPv6. Over IPv4 the outer packet must not be fragmented, so DF is set and the
// identification may stay zero (RFC 6864, section 4.1). Invariant: `byteCount` bytes are
// written, neither more nor fewer, and the inner frame is only read.

/// One tunnel's outer headers, ready to be written in front of many frames.
public struct VXLANEncapsulation: Equatable, Sendable {
    /// Over IPv6, the longest of the two: what to keep free in front of a frame.
    public static let byteCountMax = 70

    public var sourceMAC: MACAddress
    public var destinationMAC: MACAddress
    public var underlay: AddressPair
    /// From the inner flow's hash, so that the underlay spreads flows and not packets.
    public var sourcePort: Port
    public var destinationPort = VXLANFields.port
    public var vni: VNI
    public var ttl: UInt8 = 64
    /// The outer one; by RFC 6040 its ECN bits are the inner packet's.
    public var trafficClass: UInt8 = 0

    public init(
        sourceMAC: MACAddress, destinationMAC: MACAddress, underlay: AddressPair, sourcePort: Port,
        vni: VNI
    ) {
        self.sourceMAC = sourceMAC
        self.destinationMAC = destinationMAC
        self.underlay = underlay
        self.sourcePort = sourcePort
        self.vni = vni
    }

    /// 50 over IPv4, 70 over IPv6.
    @inlinable public var byteCount: Int { underlay.isIPv6 ? Self.byteCountMax : 50 }

    /// Writes the outer headers to the start of `bytes`, where the inner frame of `innerByteCount`
    /// bytes already stands at `byteCount`; of a frame cut by a snap length, what there is.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan, innerByteCount: Int) {
        let udp = UDPFields(
            sourcePort: sourcePort, destinationPort: destinationPort,
            payloadByteCount: VXLANFields.byteCount + innerByteCount)
        let etherType: EtherType = underlay.isIPv6 ? .ipv6 : .ipv4
        EthernetFields(destination: destinationMAC, source: sourceMAC, etherType: etherType)
            .write(to: &bytes)
        var network = bytes.tail(from: EthernetFields.byteCount)
        switch underlay {
        case .v4(let source, let destination):
            var fields = IPv4Fields(
                source: source, destination: destination, proto: .udp,
                payloadByteCount: UDPFields.byteCount + udp.payloadByteCount)
            fields.ttl = ttl
            fields.trafficClass = trafficClass
            fields.write(to: &network)
            var transport = network.tail(from: IPv4Fields.byteCount)
            udp.write(to: &transport)
            var header = transport.tail(from: UDPFields.byteCount)
            VXLANFields(vni: vni).write(to: &header)
        case .v6(let source, let destination):
            var fields = IPv6Fields(
                source: source, destination: destination, nextHeader: .udp,
                payloadByteCount: UDPFields.byteCount + udp.payloadByteCount)
            fields.hopLimit = ttl
            fields.trafficClass = trafficClass
            fields.write(to: &network)
            var transport = network.tail(from: IPv6Fields.byteCount)
            var header = transport.tail(from: UDPFields.byteCount)
            VXLANFields(vni: vni).write(to: &header)
            // A frame cut by a snap length cannot be summed: no checksum then (RFC 6935).
            let isWhole = transport.byteCount >= UDPFields.byteCount + udp.payloadByteCount
            if isWhole {
                udp.write(to: &transport, between: underlay)
            } else {
                udp.write(to: &transport)
            }
        }
    }
}
