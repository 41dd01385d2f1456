// How the short way changes one end of a packet: address, port, hop limit and checksums, in place and by
// differences.
//
// Invariant: a packet ends as `translate` would leave it, byte for byte.

import Wire

/// Changes one end of the packet that was seen, in a frame that starts with it.
@inline(__always)
func redirect<Header: ShortHeader>(
    _ family: Header.Type, _ sight: Sight<Header.Address>, _ bytes: inout MutableRawSpan,
    _ end: End, to address: Header.Address, _ port: Port
) {
    guard bytes.byteCount >= ShortPacket<Header>.leastByteCount else { return }
    guard sight.proto != .sctp else {
        redirectSCTP(family, sight.byteCount, &bytes, end, to: address, port)
        return
    }
    var delta = Header.redirect(&bytes, end, to: address)
    let offset = ShortPacket<Header>.transport
    let place = end == .source ? offset : offset &+ 2
    let target = port.rawValue.bigEndian
    delta.replace(bytes.memory16(place), with: target)
    bytes.setMemory(place, target)
    let checksum = offset &+ Int(sight.checksum)
    let isUDP = sight.proto == .udp
    let tcp = sight.checksum & ShortPacket<Header>.tcpChecksum
    // Zero is no checksum in UDP (RFC 768), and a sum that comes to zero is sent as 0xffff.
    let before = bytes.memory16(checksum)
    // In one word, for hardly a checksum is zero, and which protocol comes next is anyone's guess.
    guard before | UInt16(tcp) != 0 else { return }
    let after = delta.applied(to: before)
    bytes.setMemory(checksum, after == 0 && isUDP ? 0xffff : after)
}

/// The same for SCTP, whose checksum is of another kind.
@inline(never)
private func redirectSCTP<Header: ShortHeader>(
    _ family: Header.Type, _ packetByteCount: Int, _ bytes: inout MutableRawSpan,
    _ end: End, to address: Header.Address, _ port: Port
) {
    _ = Header.redirect(&bytes, end, to: address)
    var ports = MutableTransportPorts(
        &bytes, at: ShortPacket<Header>.transport, proto: .sctp,
        packetByteCount: packetByteCount &- Header.byteCount)
    switch end {
    case .source: ports?.setSource(port)
    case .destination: ports?.setDestination(port)
    }
}
