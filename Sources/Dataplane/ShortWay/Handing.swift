// The end of a reply's way: it comes out of a tunnel at the node that its flow enters by, and goes on to the
// client as it is.
//
// Invariant: a frame is handed over if `receive` would, and ends as `receive` would leave it; one that must
// go the long way is untouched.

import Wire

/// Hands over frames from the start of the range on; how many.
@inline(never)
func handShort(
    _ range: Range<Int>, of frames: inout MutableSpan<Frame>, in bytes: inout MutableRawSpan,
    _ program: borrowing Program
) -> Int {
    var frames = frames._mutatingExtracting(range)
    var bytes = bytes._mutatingExtracting(0..<bytes.byteCount)
    let start = TunnelHeader.byteCount
    for index in frames.indices {
        guard frames[index].isFresh else { return index }
        let ahead = min(index &+ 3, frames.count &- 1)
        frames[ahead].prefetch(0, in: bytes.bytes)
        frames[ahead].prefetch(start, in: bytes.bytes)
        let wireByteCount = frames[index].wireByteCount
        guard isReplyHere(frames[index].window(in: bytes.bytes), wireByteCount, program) else {
            return index
        }
        frames[index].advance(start)
        frames[index].verdict = .transmitted(.clients)
        var packet = frames[index].window(in: &bytes)
        program.handToClients(&packet)
    }
    return frames.count
}

/// Whether a tunnelled packet is a reply to be handed to a client here: from a known node, on the ingress
/// network, to this node itself, and from an address that clients use.
@inline(__always)
private func isReplyHere(
    _ bytes: RawSpan, _ wireByteCount: Int, _ program: borrowing Program
) -> Bool {
    let start = TunnelHeader.byteCount
    guard bytes.byteCount >= start &+ ShortPacket<ShortIPv4>.leastByteCount,
        let outer = OuterHeader(bytes, wireByteCount: wireByteCount, program),
        program.arrivals.node(outer.source) != nil,
        program.addresses.slot(of: program.innerMAC(bytes), on: program.ingress).kind == .balancer
    else { return false }
    return bytes.u16(start &+ 12) == EtherType.ipv4.rawValue
        ? isReply(ShortIPv4.self, bytes, wireByteCount, outer, program)
        : bytes.u16(start &+ 12) == EtherType.ipv6.rawValue
            && isReply(ShortIPv6.self, bytes, wireByteCount, outer, program)
}

@inline(__always)
private func isReply<Header: ShortHeader>(
    _ family: Header.Type, _ bytes: RawSpan, _ wireByteCount: Int, _ outer: OuterHeader,
    _ program: borrowing Program
) -> Bool {
    let start = TunnelHeader.byteCount
    guard
        let packet = ShortPacket<Header>(bytes, at: start, wireByteCount: wireByteCount &- start)
    else { return false }
    return (packet.header.trafficClass ^ outer.trafficClass) & 3 == 0
        && Header.isNode(packet.header.source, in: program)
}

extension Program {
    /// Of a tunnelled packet, who the inner frame is for.
    @inline(__always)
    func innerMAC(_ bytes: RawSpan) -> MACAddress {
        MACAddress(rawValue: bytes.u64(TunnelHeader.byteCount) >> 16)
    }

    /// Addresses a frame to whoever carries what is for clients.
    @inline(__always)
    func handToClients(_ bytes: inout MutableRawSpan) {
        bytes.address(from: own.mac, to: routerMAC)
    }
}

extension MutableRawSpan {
    /// Sets the Ethernet addresses of the frame that starts here.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func address(from source: MACAddress, to destination: MACAddress) {
        guard var ethernet = MutableEthernetHeader(&self) else { return }
        ethernet.setSource(source)
        ethernet.setDestination(destination)
    }
}
