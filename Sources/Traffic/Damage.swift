// What can be wrong with a frame that was right: one thing, so that a reader stops for that reason.
//
// Invariant: a damaged frame is never right by chance: no change is undone by another, and a checksum
// is never replaced by its other zero (RFC 1624, section 3) or by "no checksum" (RFC 768).

import Wire

enum Damage: CaseIterable {
    /// The frame ends before its packet does.
    case cut
    case version
    /// IPv4: header length below five words. IPv6 has none: `totalLength` instead.
    case headerLength
    /// The packet claims more bytes than the frame has.
    case totalLength
    /// IPv4. IPv6 has none: `transportChecksum` instead.
    case headerChecksum
    case transportChecksum
    /// A length in the transport header that does not even cover the header.
    case transportLength

    /// Where the parts of a frame are.
    struct Place {
        /// Of the IP header.
        var network: Int
        /// Of the transport header; nil in a fragment, where it is not there or not all.
        var transport: Int?
        var proto: IPProtocol
        var isIPv6: Bool
    }

    /// Does the damage to the frame at the start of `bytes`; returns its byte count afterwards.
    @_lifetime(bytes: copy bytes)
    func apply(
        to bytes: inout MutableRawSpan, _ place: Place, _ random: inout RandomSource
    ) -> Int {
        let byteCount = bytes.byteCount
        switch self {
        case .cut: return 1 + random.below(byteCount - 1)
        case .version: bytes.damageVersion(at: place.network, &random)
        case .headerLength where !place.isIPv6:
            bytes.setU8(place.network, 0x40 | UInt8(random.below(5)))
        case .headerChecksum where !place.isIPv6:
            bytes.damageChecksum(at: place.network + 10, &random)
        case .transportChecksum, .headerChecksum:
            guard let transport = place.transport, let offset = place.proto.checksumOffset else {
                bytes.damageTotalLength(place, &random)
                break
            }
            bytes.damageChecksum(at: transport + offset, &random)
        case .transportLength:
            guard let transport = place.transport, place.proto.hasPorts else {
                bytes.damageTotalLength(place, &random)
                break
            }
            bytes.damageTransportLength(at: transport, place.proto, &random)
        case .headerLength, .totalLength: bytes.damageTotalLength(place, &random)
        }
        return byteCount
    }
}

extension IPProtocol {
    /// Of the checksum, in the transport header.
    fileprivate var checksumOffset: Int? {
        switch self {
        case .tcp: 16
        case .udp: 6
        case .sctp: 8
        case .icmp, .icmpv6: 2
        default: nil
        }
    }
}

extension MutableRawSpan {
    /// A version that is neither 4 nor 6.
    @_lifetime(self: copy self)
    fileprivate mutating func damageVersion(at offset: Int, _ random: inout RandomSource) {
        let versions: [UInt8] = [0, 1, 2, 3, 5, 7, 8, 15]
        setU8(offset, versions[random.below(versions.count)] << 4 | u8(offset) & 0x0f)
    }

    @_lifetime(self: copy self)
    fileprivate mutating func damageChecksum(at offset: Int, _ random: inout RandomSource) {
        let right = u16(offset)
        let wrong = right ^ UInt16(1 + random.below(0xfffe))
        setU16(offset, wrong == 0 ? right &+ 1 : wrong)
    }

    /// Up to 1000 bytes more than there are; the IPv4 header checksum stays right.
    @_lifetime(self: copy self)
    fileprivate mutating func damageTotalLength(
        _ place: Damage.Place, _ random: inout RandomSource
    ) {
        let offset = place.network + (place.isIPv6 ? 4 : 2)
        let right = u16(offset)
        let wrong = right &+ UInt16(1 + random.below(1000))
        setU16(offset, wrong)
        guard !place.isIPv6 else { return }
        var delta = ChecksumDelta()
        delta.replace(right, with: wrong)
        setU16(place.network + 10, delta.applied(to: u16(place.network + 10)))
    }

    /// TCP's data offset, UDP's length, the length of SCTP's first chunk.
    @_lifetime(self: copy self)
    fileprivate mutating func damageTransportLength(
        at offset: Int, _ proto: IPProtocol, _ random: inout RandomSource
    ) {
        switch proto {
        case .tcp: setU8(offset + 12, UInt8(random.below(5)) << 4)
        case .udp: setU16(offset + 4, UInt16(random.below(8)))
        default: setU16(offset + 14, UInt16(random.below(4)))
        }
    }
}
