// The overlay: VXLAN (RFC 7348) between nodes. Wrapping writes the outer headers into the headroom
// before the frame; unwrapping moves the start of the frame past them. Nothing is copied.
//
// Invariants: the inner IP packet is carried unchanged but for a congestion mark (RFC 6040), and
// only frames from a known VTEP, for a network this node carries, are let in.

import Wire

/// Wraps a frame, whose packet ends at `end`, for another node. The inner Ethernet addresses are set here; VLAN tags stay.
@inline(__always)
func encapsulate(
    _ frame: inout Frame, end: Int, trafficClass: UInt8, in network: NetworkIndex,
    to node: NodeIndex,
    mac: MACAddress, hash: UInt64, _ work: inout Work, _ program: borrowing Program
) {
    let sourcePort = overlaySourcePort(hash)
    work.readdress(frame, source: program[network].balancerMAC, destination: mac)
    // Padding and trailers belong to the link the frame came by. Carried along, a long one would
    // not fit the underlay, nor the outer header's length field.
    frame.trim(to: end)
    let innerByteCount = frame.wireByteCount
    // Normal mode of RFC 6040, section 4.1: the outer header starts with the inner's ECN.
    guard let tunnel = program.tunnels[Int(node.rawValue)] else {
        encapsulate6(
            &frame, ecn: trafficClass & 3, vni: program[network].vni, to: node, sourcePort, &work,
            program)
        return
    }
    frame.advance(-TunnelHeader.byteCount)
    var bytes = work.mutableBytes(of: frame)
    tunnel.write(
        to: &bytes, innerByteCount: innerByteCount, trafficClass: trafficClass & 3,
        sourcePort: sourcePort, vxlan: (program[network].vni << 8).bigEndian)
}

/// The UDP source port that a flow's packets travel under, so that links carry flows, not packets.
@inline(__always)
func overlaySourcePort(_ hash: UInt64) -> UInt16 {
    Limits.overlaySourcePortFirst | UInt16(truncatingIfNeeded: hash & 0x3fff)
}

/// Wraps a frame over an IPv6 underlay, whose UDP checksum covers all of it.
@inline(never)
private func encapsulate6(
    _ frame: inout Frame, ecn: UInt8, vni: UInt32, to node: NodeIndex, _ sourcePort: UInt16,
    _ work: inout Work, _ program: borrowing Program
) {
    var outer = VXLANEncapsulation(
        sourceMAC: program.own.mac, destinationMAC: program[node].mac,
        underlay: .v6(source: program.own.vtep, destination: program[node].vtep),
        sourcePort: Port(sourcePort), vni: VNI(rawValue: vni))
    outer.destinationPort = program.vxlanPort
    outer.trafficClass = ecn
    let innerByteCount = frame.wireByteCount
    frame.advance(-outer.byteCount)
    var bytes = work.mutableBytes(of: frame)
    outer.write(to: &bytes, innerByteCount: innerByteCount)
}

/// What came out of a VXLAN packet.
enum Decapsulation {
    case frame(entry: NodeIndex, network: NetworkIndex)
    case drop(Drop)
}

/// Unwraps a frame whose outer headers are in `packet`: afterwards `frame` is the inner frame.
func decapsulate(
    _ frame: inout Frame, _ packet: Packet, _ work: borrowing Work, _ program: borrowing Program
) -> Decapsulation {
    guard case .node(let entry) = program.addresses.find(packet.source, in: .underlay) else {
        return .drop(.unknownPeer)
    }
    let start = packet.transport &+ UDPFields.byteCount
    guard packet.fragment == .none,
        let header = VXLANHeader(work.bytes(of: frame).from(start))
    else { return .drop(.malformedVXLAN) }
    guard let network = program.network(vni: header.vni.rawValue) else {
        return .drop(.unknownNetwork)
    }
    frame.advance(start &+ VXLANFields.byteCount)
    return .frame(entry: entry, network: network)
}

/// Carries a congestion mark of the outer header over to the inner one; false when the inner
/// packet cannot hold it and must be dropped (RFC 6040, figure 4).
func keepCongestionMark(
    _ outer: UInt8, _ frame: Frame, _ packet: inout Packet, _ work: inout Work
) -> Bool {
    let inner = ECN(trafficClass: packet.trafficClass)
    guard let mark = inner.decapsulated(from: ECN(trafficClass: outer)) else { return false }
    guard mark != inner else { return true }
    packet.trafficClass = mark.replacing(in: packet.trafficClass)
    var bytes = work.mutableBytes(of: frame)
    if packet.isIPv4, var header = MutableIPv4Header(&bytes, at: packet.network) {
        header.setTrafficClass(packet.trafficClass)
    } else if var header = MutableIPv6Header(&bytes, at: packet.network) {
        header.setTrafficClass(packet.trafficClass)
    }
    return true
}
