// The overlay: VXLAN (RFC 7348) between nodes. Wrapping writes the outer headers into the headroom
// before the frame; unwrapping moves the start of the frame past them. Nothing is copied.
//
// Invariants: the inner IP packet is carried unchanged but for a congestion mark (RFC 6040), and
// only frames from a known VTEP, for a network this node carries, are let in.

import Wire

/// Wraps a frame for another node. The inner Ethernet addresses are set here; VLAN tags stay.
func encapsulate(
    _ frame: inout Frame, _ packet: Packet, in arena: inout FrameArena, program: Program,
    network: OverlayNetwork, to node: NodeIndex, mac: MACAddress, hash: UInt64
) {
    let own = program.own
    let peer = program[node]
    var outer = VXLANEncapsulation(
        sourceMAC: own.mac, destinationMAC: peer.mac,
        underlay: AddressPair(own.vtep, peer.vtep),
        sourcePort: Port(Limits.overlaySourcePortFirst | UInt16(truncatingIfNeeded: hash & 0x3fff)),
        vni: VNI(rawValue: network.vni))
    outer.destinationPort = program.vxlanPort
    // Normal mode of RFC 6040, section 4.1: the outer header starts with the inner's ECN.
    outer.trafficClass = packet.trafficClass & 3
    readdress(frame, in: &arena, source: network.balancerMAC, destination: mac)
    // Padding and trailers belong to the link the frame came by. Carried along, a long one would
    // not fit the underlay, nor the outer header's length field.
    frame.trim(to: packet.end)
    let innerByteCount = frame.wireByteCount
    frame.advance(-outer.byteCount)
    var bytes = arena.mutableBytes(of: frame)
    outer.write(to: &bytes, innerByteCount: innerByteCount)
}

/// Sets the Ethernet addresses of a frame.
func readdress(
    _ frame: Frame, in arena: inout FrameArena, source: MACAddress, destination: MACAddress
) {
    var bytes = arena.mutableBytes(of: frame)
    guard var ethernet = MutableEthernetHeader(&bytes) else { return }
    ethernet.setSource(source)
    ethernet.setDestination(destination)
}

/// What came out of a VXLAN packet.
enum Decapsulation {
    case frame(entry: NodeIndex, network: NetworkIndex)
    case drop(Drop)
}

/// Unwraps a frame whose outer headers are in `packet`: afterwards `frame` is the inner frame.
func decapsulate(
    _ frame: inout Frame, _ packet: Packet, in arena: borrowing FrameArena, program: Program
) -> Decapsulation {
    guard case .node(let entry) = program.addresses.find(packet.source, in: .underlay) else {
        return .drop(.unknownPeer)
    }
    let start = packet.transport &+ UDPFields.byteCount
    guard packet.fragment == .none,
        let header = VXLANHeader(arena.bytes(of: frame).from(start))
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
    _ outer: UInt8, _ frame: Frame, _ packet: inout Packet, in arena: inout FrameArena
) -> Bool {
    let inner = ECN(trafficClass: packet.trafficClass)
    guard let mark = inner.decapsulated(from: ECN(trafficClass: outer)) else { return false }
    guard mark != inner else { return true }
    packet.trafficClass = mark.replacing(in: packet.trafficClass)
    var bytes = arena.mutableBytes(of: frame)
    if packet.isIPv4, var header = MutableIPv4Header(&bytes, at: packet.network) {
        header.setTrafficClass(packet.trafficClass)
    } else if var header = MutableIPv6Header(&bytes, at: packet.network) {
        header.setTrafficClass(packet.trafficClass)
    }
    return true
}

extension AddressPair {
    /// A pair of two addresses of one family in the mapped form.
    init(_ source: IPv6Address, _ destination: IPv6Address) {
        self =
            if source.isIPv4Mapped {
                .v4(source: source.mappedIPv4, destination: destination.mappedIPv4)
            } else {
                .v6(source: source, destination: destination)
            }
    }
}
