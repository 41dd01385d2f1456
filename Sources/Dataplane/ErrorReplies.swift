// What a node says of its own accord: ICMP errors about packets it drops, and echo replies for
// virtual addresses.
//
// Invariant: no error is sent about an error, about anything but a first fragment, about a frame to more
// than one station, or faster than the limiter allows (RFC 1122, section 3.2.2; RFC 4443, section 2.4).

import Wire

/// Why a packet is sent back.
enum Refusal {
    case timeExceeded
    case portUnreachable
    /// With the MTU that it would have had to fit.
    case tooBig(Int)
}

/// Appends an ICMP error about `packet` to the frames: towards the clients, or to the task that
/// sent it. From the address the packet was sent to, which is the one its sender knows.
@inline(never)
func refuse(
    _ refusal: Refusal, _ frame: Frame, _ packet: Packet, _ work: inout Work,
    _ state: inout NodeCore, _ program: borrowing Program
) {
    guard packet.message == .transport || packet.message == .echoRequest,
        work.bytes(of: frame).u8(0) & 1 == 0, work.freeFrameCount > 0,
        state.errors.admit(now: work.now)
    else { return }
    let headerByteCount = packet.isIPv4 ? IPv4Fields.byteCount : IPv6Fields.byteCount
    let quoteMax =
        packet.isIPv4 ? ICMPFields.quoteByteCountMax : ICMPv6Fields.quoteByteCountMax
    let quoted = min(min(packet.end, frame.byteCount) &- packet.network, quoteMax)
    let byteCount = packet.network &+ headerByteCount &+ ICMPFields.byteCount &+ quoted
    guard let offset = work.reserve(byteCount) else { return }
    var error = Frame(
        offset: offset, byteCount: byteCount, wireByteCount: byteCount, id: frame.id,
        arrival: frame.arrival)
    error.origin = .generated
    error.timestamp = frame.timestamp
    work.copyLinkHeader(of: frame, to: error, byteCount: packet.network)
    work.copyBytes(
        from: frame.offset &+ packet.network, count: quoted,
        to: offset &+ packet.network &+ headerByteCount &+ ICMPFields.byteCount)
    var bytes = work.mutableBytes(of: error)
    write(refusal, &bytes, packet, quoting: quoted)
    if case .task(let endpoint) = frame.arrival {
        error.verdict = .delivered(endpoint)
    } else {
        error.verdict = .transmitted(.clients)
    }
    work.append(error)
}

/// Writes the IP and ICMP headers; the quote already stands behind them.
private func write(
    _ refusal: Refusal, _ bytes: inout MutableRawSpan, _ packet: Packet, quoting count: Int
) {
    var network = bytes.tail(from: packet.network)
    let addresses = AddressPair(packet.destination, packet.source)
    switch addresses {
    case .v4(let source, let destination):
        IPv4Fields(
            source: source, destination: destination, proto: .icmp,
            payloadByteCount: ICMPFields.byteCount + count
        ).write(to: &network)
        var transport = network.tail(from: IPv4Fields.byteCount)
        let fields: ICMPFields =
            switch refusal {
            case .timeExceeded: .timeExceeded(quoting: count)
            case .portUnreachable:
                .destinationUnreachable(code: ICMPUnreachableCode.port, quoting: count)
            case .tooBig(let mtu):
                .fragmentationNeeded(mtu: UInt16(clamping: mtu), quoting: count)
            }
        fields.write(to: &transport)
    case .v6(let source, let destination):
        IPv6Fields(
            source: source, destination: destination, nextHeader: .icmpv6,
            payloadByteCount: ICMPv6Fields.byteCount + count
        ).write(to: &network)
        var transport = network.tail(from: IPv6Fields.byteCount)
        let fields: ICMPv6Fields =
            switch refusal {
            case .timeExceeded: .timeExceeded(quoting: count)
            case .portUnreachable:
                .destinationUnreachable(code: ICMPv6UnreachableCode.port, quoting: count)
            case .tooBig(let mtu): .packetTooBig(mtu: UInt32(clamping: mtu), quoting: count)
            }
        fields.write(to: &transport, between: addresses)
    }
}

/// Turns an echo request to a virtual address into its reply.
@inline(never)
func echo(
    _ frame: inout Frame, _ packet: Packet, _ work: inout Work, _ program: borrowing Program
) -> Verdict {
    var bytes = work.mutableBytes(of: frame)
    if packet.isIPv4, var message = MutableICMPHeader(&bytes, at: packet.transport) {
        message.setType(.echoReply)
    } else if var message = MutableICMPv6Header(&bytes, at: packet.transport) {
        message.setType(.echoReply)
    }
    return turnBack(&frame, packet, &work, program)
}

/// Sends a packet, or a fragment of one, back to its sender as from the address it was sent to.
func turnBack(
    _ frame: inout Frame, _ packet: Packet, _ work: inout Work, _ program: borrowing Program
) -> Verdict {
    // Swapping the ends changes no sum, so the IP and ICMPv6 checksums stand.
    let mac = EthernetHeader(work.bytes(of: frame))?.source ?? .broadcast
    work.readdress(frame, source: program.own.mac, destination: mac)
    var bytes = work.mutableBytes(of: frame)
    var ignored = ChecksumDelta()
    if packet.isIPv4, var header = MutableIPv4Header(&bytes, at: packet.network) {
        header.setSource(packet.destination.mappedIPv4, noting: &ignored)
        header.setDestination(packet.source.mappedIPv4, noting: &ignored)
    } else if var header = MutableIPv6Header(&bytes, at: packet.network) {
        header.setSource(packet.destination, noting: &ignored)
        header.setDestination(packet.source, noting: &ignored)
    }
    if case .task(let endpoint) = frame.arrival { return .delivered(endpoint) }
    return .transmitted(.clients)
}

extension Work {
    /// Copies the Ethernet header and tags of one frame to another, the addresses exchanged.
    mutating func copyLinkHeader(of source: Frame, to target: Frame, byteCount: Int) {
        copyBytes(from: source.offset, count: byteCount, to: target.offset)
        let from = EthernetHeader(bytes(of: source))?.source ?? .broadcast
        let to = EthernetHeader(bytes(of: source))?.destination ?? .broadcast
        readdress(target, source: to, destination: from)
    }
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
