// IP options as a Linux host takes them when a packet comes in, before anything else is done with it (RFC
// 791, section 3.1; ip_options_compile and ip_rcv_options in net/ipv4): record route and timestamp
// are filled in, what contradicts itself is answered with a parameter problem, a route of the
// sender's is not followed.
//
// Invariant: nothing outside the option bytes changes but the header checksum, which stays right.

import Wire

/// What the options of one packet came to.
private enum OptionOutcome {
    case sound
    /// The sender names the way.
    case sourceRoute
    /// The byte that is wrong, from the start of the IP header.
    case wrong(Int)
}

/// Takes the options of a packet that came in; nil if it goes on. Whether the packet is for the host
/// must be settled before.
@inline(__always)
func takeOptions(
    _ frame: inout Frame, _ packet: inout HostPacket, _ work: inout Work,
    _ host: inout HostTables
) -> Verdict? {
    guard packet.isIPv4 else {
        return packet.optionProblem == 0
            ? nil : refuseHopByHopOption(frame, packet, &work, &host)
    }
    guard packet.transport &- packet.network > IPv4Fields.byteCount else { return nil }
    return takePresentOptions(&frame, &packet, &work, &host)
}

/// Tells the sender of an IPv6 packet what is wrong with its hop-by-hop options (RFC 4443, section 3.4).
@inline(never)
private func refuseHopByHopOption(
    _ frame: Frame, _ packet: HostPacket, _ work: inout Work, _ host: inout HostTables
) -> Verdict {
    let problem = HostMessage(
        type: ICMPv6Type.parameterProblem.rawValue, code: packet.isOptionUnknown ? 2 : 0,
        parameter: UInt32(truncatingIfNeeded: packet.optionProblem))
    refuse(problem, frame, packet, &work, &host)
    return .dropped(.refusedOptions)
}

@inline(never)
private func takePresentOptions(
    _ frame: inout Frame, _ packet: inout HostPacket, _ work: inout Work,
    _ host: inout HostTables
) -> Verdict? {
    let address =
        packet.isForHost
        ? packet.destination
        : host.source(on: host.link(to: packet.source), isIPv4: true)
    let milliseconds = UInt32(truncatingIfNeeded: work.now / 1_000_000 % 86_400_000)
    var walk = OptionWalk(address: address.mappedIPv4, milliseconds: milliseconds)
    let headerByteCount = packet.transport &- packet.network
    let outcome: OptionOutcome
    var bytes = work.mutableBytes(of: frame)
    if var header = MutableIPv4Header(&bytes, at: packet.network) {
        outcome = walk.take(&header, end: headerByteCount, host)
    } else {
        outcome = .sound
    }
    if walk.recordedRoute > 0 { packet.recordedRoute = packet.network &+ walk.recordedRoute }
    if walk.recordedTime > 0 { packet.recordedTime = packet.network &+ walk.recordedTime }
    switch outcome {
    case .sound: break
    case .sourceRoute: return .dropped(.refusedOptions)
    case .wrong(let place):
        let problem = HostMessage(
            type: ICMPType.parameterProblem.rawValue, code: 0,
            parameter: UInt32(truncatingIfNeeded: place) << 24)
        refuse(problem, frame, packet, &work, &host)
        return .dropped(.refusedOptions)
    }
    return nil
}

/// A walk over the options. Offsets are from the start of the IP header.
private struct OptionWalk {
    let address: IPv4Address
    let milliseconds: UInt32
    /// Where the address was entered.
    var recordedRoute = 0
    /// Where the time was.
    var recordedTime = 0
    var hasSourceRoute = false
    var hasRecordRoute = false
    var hasTimestamp = false

    init(address: IPv4Address, milliseconds: UInt32) {
        self.address = address
        self.milliseconds = milliseconds
    }

    mutating func take(
        _ header: inout MutableIPv4Header, end: Int, _ host: borrowing HostTables
    ) -> OptionOutcome {
        var offset = IPv4Fields.byteCount
        while offset < end {
            let kind = header.option(offset)
            if kind == IPv4Option.end {
                for rest in offset..<end where header.option(rest) != 0 {
                    header.setOption(rest, 0)
                }
                break
            }
            if kind == IPv4Option.noOperation {
                offset &+= 1
                continue
            }
            guard end &- offset >= 2 else { return .wrong(offset) }
            let count = Int(header.option(offset &+ 1))
            guard count >= 2, count <= end &- offset else { return .wrong(offset) }
            if let place = take(kind, &header, at: offset, count: count, host) {
                return .wrong(offset &+ place)
            }
            offset &+= count
        }
        return hasSourceRoute ? .sourceRoute : .sound
    }

    /// Takes one option; which of its bytes is wrong, if one is.
    private mutating func take(
        _ kind: UInt8, _ header: inout MutableIPv4Header, at offset: Int, count: Int,
        _ host: borrowing HostTables
    ) -> Int? {
        switch kind {
        case IPv4Option.looseRoute, IPv4Option.strictRoute:
            guard count >= 3 else { return 1 }
            guard header.option(offset &+ 2) >= 4 else { return 2 }
            guard !hasSourceRoute else { return 0 }
            hasSourceRoute = true
            return nil
        case IPv4Option.recordRoute: return recordRoute(&header, at: offset, count: count)
        case IPv4Option.timestamp: return stamp(&header, at: offset, count: count, host)
        case IPv4Option.routerAlert: return count < 4 ? 1 : nil
        default: return nil
        }
    }

    private mutating func recordRoute(
        _ header: inout MutableIPv4Header, at offset: Int, count: Int
    ) -> Int? {
        guard !hasRecordRoute else { return 0 }
        guard count >= 3 else { return 1 }
        let pointer = Int(header.option(offset &+ 2))
        guard pointer >= 4 else { return 2 }
        hasRecordRoute = true
        guard pointer <= count else { return nil }
        guard pointer &+ 3 <= count else { return 2 }
        recordedRoute = offset &+ pointer &- 1
        header.setOption(recordedRoute, word: address.rawValue)
        header.setOption(offset &+ 2, UInt8(truncatingIfNeeded: pointer &+ 4))
        return nil
    }

    private mutating func stamp(
        _ header: inout MutableIPv4Header, at offset: Int, count: Int,
        _ host: borrowing HostTables
    ) -> Int? {
        guard !hasTimestamp else { return 0 }
        guard count >= 4 else { return 1 }
        let pointer = Int(header.option(offset &+ 2))
        guard pointer >= 5 else { return 2 }
        hasTimestamp = true
        let mode = header.option(offset &+ 3) & 15
        guard pointer <= count else {
            let overflow = header.option(offset &+ 3) >> 4
            guard mode != IPv4Option.prespecified else { return nil }
            guard overflow < 15 else { return 3 }
            header.setOption(offset &+ 3, mode | (overflow &+ 1) << 4)
            return nil
        }
        guard pointer &+ 3 <= count else { return 2 }
        // With an address before the time the entry is twice as long. Times for addresses that the
        // sender named are left to their owners.
        var place = offset &+ pointer &- 1
        guard mode == 0 || mode == 1 || mode == IPv4Option.prespecified else { return nil }
        if mode != 0 {
            guard pointer &+ 7 <= count else { return 2 }
            if mode == 1 {
                header.setOption(place, word: address.rawValue)
            } else {
                let named = IPv4Address(rawValue: header.optionWord(place))
                guard host.isOwn(IPv6Address(mapped: named)) else { return nil }
            }
            place &+= 4
        }
        recordedTime = place
        header.setOption(place, word: milliseconds)
        let step = mode == 0 ? 4 : 8
        header.setOption(offset &+ 2, UInt8(truncatingIfNeeded: pointer &+ step))
        return nil
    }
}

/// Option kinds, the copied flag included (IANA ip-parameters).
private enum IPv4Option {
    static let end: UInt8 = 0
    static let noOperation: UInt8 = 1
    static let recordRoute: UInt8 = 7
    static let timestamp: UInt8 = 68
    static let looseRoute: UInt8 = 131
    static let strictRoute: UInt8 = 137
    static let routerAlert: UInt8 = 148
    /// A timestamp's flag.
    static let prespecified: UInt8 = 3
}

extension MutableIPv4Header {
    fileprivate func option(_ offset: Int) -> UInt8 {
        header?.options.u8(offset &- IPv4Fields.byteCount) ?? 0
    }

    fileprivate func optionWord(_ offset: Int) -> UInt32 {
        var word: UInt32 = 0
        for byte in 0..<4 { word = word << 8 | UInt32(option(offset &+ byte)) }
        return word
    }

    fileprivate mutating func setOption(_ offset: Int, word: UInt32) {
        for byte in 0..<4 {
            setOption(
                offset &+ byte, UInt8(truncatingIfNeeded: word >> UInt32(24 &- 8 &* byte)))
        }
    }
}

extension Work {
    /// Replaces an address in a packet's options.
    mutating func setOptionAddress(
        _ address: IPv4Address, at offset: Int, _ frame: Frame, _ packet: HostPacket
    ) {
        var bytes = mutableBytes(of: frame)
        guard var header = MutableIPv4Header(&bytes, at: packet.network) else { return }
        header.setOption(offset &- packet.network, word: address.rawValue)
    }
}
