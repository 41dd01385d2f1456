// ICMP errors that the host sends, as the kernel builds them (net/ipv4/icmp.c, net/ipv6/icmp.c): from
// the address the packet was sent to if that is the host's, otherwise from that of the link on which
// the error leaves.
//
// Invariant: no error is sent about an error, about anything but a first fragment, or to an address
// that no single host has. An error is a packet like any other: it is appended unjudged, since the
// connection that it quotes may have a say in where it goes.

import Wire

/// What an ICMP or ICMPv6 error says: its first bytes without the checksum.
struct HostMessage {
    var type: UInt8
    var code: UInt8
    var parameter: UInt32 = 0

    init(type: UInt8, code: UInt8, parameter: UInt32 = 0) {
        self.type = type
        self.code = code
        self.parameter = parameter
    }

    init(_ refusal: Refusal, isIPv4: Bool) {
        switch refusal {
        case .timeExceeded where isIPv4:
            self.init(type: ICMPType.timeExceeded.rawValue, code: 0)
        case .timeExceeded: self.init(type: ICMPv6Type.timeExceeded.rawValue, code: 0)
        case .portUnreachable where isIPv4:
            self.init(
                type: ICMPType.destinationUnreachable.rawValue, code: ICMPUnreachableCode.port)
        case .portUnreachable:
            self.init(
                type: ICMPv6Type.destinationUnreachable.rawValue, code: ICMPv6UnreachableCode.port)
        case .tooBig(let mtu) where isIPv4:
            self.init(
                type: ICMPType.destinationUnreachable.rawValue,
                code: ICMPUnreachableCode.fragmentationNeeded, parameter: UInt32(clamping: mtu))
        case .tooBig(let mtu):
            self.init(
                type: ICMPv6Type.packetTooBig.rawValue, code: 0, parameter: UInt32(clamping: mtu))
        }
    }
}

/// Sends a packet's sender an error about it, as the packet stands in the frame now.
@inline(never)
func refuse(
    _ refusal: Refusal, _ frame: Frame, _ packet: HostPacket, _ work: inout Work,
    _ host: inout HostTables
) {
    refuse(HostMessage(refusal, isIPv4: packet.isIPv4), frame, packet, &work, &host)
}

func refuse(
    _ message: HostMessage, _ frame: Frame, _ packet: HostPacket, _ work: inout Work,
    _ host: inout HostTables
) {
    // What only a mark claims for the host is answered from where it was going, which is no address to
    // send IPv4 from.
    guard !packet.isIPv4 || !packet.isForHost || host.isOwn(packet.destination) else { return }
    let hasOptions =
        packet.isIPv4 && packet.transport &- packet.network > IPv4Fields.byteCount
    guard
        let echo = hasOptions
            ? EchoedOptions(packet, in: work.bytes(of: frame)) : .some(EchoedOptions())
    else {
        return
    }
    send(message, about: packet.network..<packet.end, frame, echoing: echo, &work, &host)
}

/// Sends an error about the IP packet that takes up `range` of a frame.
func send(
    _ message: HostMessage, about range: Range<Int>, _ frame: Frame,
    echoing options: EchoedOptions = EchoedOptions(), _ work: inout Work,
    _ host: inout HostTables
) {
    let end = min(range.upperBound, frame.byteCount)
    guard range.lowerBound < end,
        let link = LinkHeader(work.bytes(of: frame))?.byteCount,
        let error = ownError(
            message, about: work.bytes(of: frame).extracting(range.lowerBound..<end), host)
    else { return }
    let quoted = min(end &- range.lowerBound, error.quoteByteCountMax &- options.byteCount)
    guard quoted > 0 else { return }
    let headerByteCount = error.headerByteCount &+ options.byteCount
    let byteCount = link &+ headerByteCount &+ quoted
    guard work.freeFrameCount > 0, let offset = work.reserve(byteCount) else { return }
    var own = Frame(
        offset: offset, byteCount: byteCount, wireByteCount: byteCount, id: frame.id,
        arrival: .network)
    own.origin = .generated
    own.timestamp = frame.timestamp
    work.copyLinkHeader(of: frame, to: own, byteCount: link)
    work.copyBytes(
        from: frame.offset &+ range.lowerBound, count: quoted,
        to: offset &+ link &+ headerByteCount)
    let identification = host.nextIdentification()
    var target = work.mutableBytes(of: own)
    target.setU16(link &- 2, (error.isIPv4 ? EtherType.ipv4 : .ipv6).rawValue)
    error.write(to: &target, at: link, quoting: quoted, options, identification)
    if options.byteCount > 0 { work.echo(options, of: frame, in: own, at: link, error.source) }
    work.append(own)
}

/// The error about the packet that starts `bytes`; nil if there is none to be sent.
private func ownError(
    _ message: HostMessage, about bytes: RawSpan, _ host: borrowing HostTables
) -> OwnError? {
    if let header = IPv4Header(bytes) {
        return mayBeToldOf(header) ? OwnError(message, about: header, host) : nil
    }
    guard let header = IPv6Header(bytes), mayBeToldOf(header) else { return nil }
    return OwnError(message, about: header, host)
}

/// Nothing is said about a later fragment, nor about an ICMP message that is itself an error or of
/// which that cannot be told.
private func mayBeToldOf(_ header: borrowing IPv4Header) -> Bool {
    guard header.isFirstFragment else { return false }
    guard header.proto == .icmp else { return true }
    guard header.payload.byteCount > 0 else { return false }
    let type = ICMPType(rawValue: header.payload.u8(0))
    return !type.isError && type.rawValue <= 18
}

private func mayBeToldOf(_ header: borrowing IPv6Header) -> Bool {
    guard !header.source.isMartian, header.destination.high >> 56 != 0xff else { return false }
    guard case .upperLayer(let layer) = header.walk, layer.proto == .icmpv6 else { return true }
    let bytes = header.packet.from(layer.offset)
    return layer.isFirstFragment && bytes.byteCount > 0
        && !ICMPv6Type(rawValue: bytes.u8(0)).isError
}

/// The headers of an error.
private struct OwnError {
    let message: HostMessage
    let source: IPv6Address
    let destination: IPv6Address
    let trafficClass: UInt8
    let quoteByteCountMax: Int

    init(
        _ message: HostMessage, about header: borrowing IPv4Header,
        _ host: borrowing HostTables
    ) {
        self.message = message
        destination = IPv6Address(mapped: header.source)
        let sentTo = IPv6Address(mapped: header.destination)
        let isLocal = host.isOwn(destination)
        let link = host.link(to: destination)
        // A host reaches its own addresses from that very address.
        source =
            host.isOwn(sentTo)
            ? sentTo : isLocal ? destination : host.source(on: link, isIPv4: true)
        // RFC 1812, section 4.3.2.5: precedence 6, the type of service as it was.
        trafficClass = header.trafficClass & 0x1e | 0xc0
        let room = isLocal ? Int.max : host.mtu(of: link) &- IPv4Fields.byteCount &- 8
        quoteByteCountMax = min(room, ICMPFields.quoteByteCountMax)
    }

    init(
        _ message: HostMessage, about header: borrowing IPv6Header,
        _ host: borrowing HostTables
    ) {
        self.message = message
        destination = header.source
        source =
            host.isOwn(header.destination)
            ? header.destination
            : host.isOwn(destination)
                ? destination : host.source(on: host.link(to: destination), isIPv4: false)
        trafficClass = 0
        quoteByteCountMax = ICMPv6Fields.quoteByteCountMax
    }

    var isIPv4: Bool { destination.isIPv4Mapped }
    /// Of both headers.
    var headerByteCount: Int {
        (isIPv4 ? IPv4Fields.byteCount : IPv6Fields.byteCount) &+ ICMPFields.byteCount
    }

    /// Writes the headers at `offset`; the quote already stands behind them.
    @_lifetime(bytes: copy bytes)
    func write(
        to bytes: inout MutableRawSpan, at offset: Int, quoting count: Int,
        _ options: EchoedOptions, _ identification: UInt32
    ) {
        var network = bytes.tail(from: offset)
        let addresses = AddressPair(source, destination)
        switch addresses {
        case .v4(let source, let destination):
            var fields = IPv4Fields(
                source: source, destination: destination, proto: .icmp,
                payloadByteCount: options.byteCount &+ ICMPFields.byteCount &+ count)
            fields.trafficClass = trafficClass
            fields.identification = UInt16(truncatingIfNeeded: identification)
            fields.dontFragment = false
            fields.write(to: &network)
            var transport = network.tail(from: IPv4Fields.byteCount &+ options.byteCount)
            ICMPFields(
                type: ICMPType(rawValue: message.type), code: message.code,
                parameter: message.parameter, payloadByteCount: count
            ).write(to: &transport)
        case .v6(let source, let destination):
            IPv6Fields(
                source: source, destination: destination, nextHeader: .icmpv6,
                payloadByteCount: ICMPv6Fields.byteCount &+ count
            ).write(to: &network)
            var transport = network.tail(from: IPv6Fields.byteCount)
            ICMPv6Fields(
                type: ICMPv6Type(rawValue: message.type), code: message.code,
                parameter: message.parameter, payloadByteCount: count
            ).write(to: &transport, between: addresses)
        }
    }
}
