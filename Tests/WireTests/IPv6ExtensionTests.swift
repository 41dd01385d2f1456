// Goal: the walk over extension headers ends in the right one of its three answers. Method: chains
// built byte by byte after RFC 8200, each cut at every length.

import Testing
import Wire

@Suite struct IPv6ExtensionTests {
    private func walk(_ packet: [UInt8]) -> IPv6Walk? { IPv6Header(packet.span.raw)?.walk }

    private func packet(_ next: IPProtocol, _ payload: [UInt8]) -> [UInt8] {
        Build.ip(Build.v6, next, payload)
    }

    /// `count` Destination Options headers of eight bytes before UDP.
    private func chain(_ count: Int) -> [UInt8] {
        let datagram = Build.udp(Build.v6, [1, 2, 3, 4])
        let payload = (0..<count).reduce(datagram) { payload, index in
            let next: IPProtocol = index == 0 ? .udp : .destinationOptions
            return Build.option(.destinationOptions, next: next, payload)
        }
        return packet(count == 0 ? .udp : .destinationOptions, payload)
    }

    @Test func eightHeadersArePassedAndNineAreTooMany() {
        for count in 0...8 {
            let expected = IPv6UpperLayer(proto: .udp, offset: 40 + 8 * count)
            #expect(walk(chain(count)) == .upperLayer(expected))
        }
        for count in [9, 10, 100] { #expect(walk(chain(count)) == .tooManyHeaders) }
    }

    @Test func aChainCutAnywhereIsTruncatedUntilTheUpperLayerIsReached() {
        let whole = chain(3)
        for length in 40..<whole.count {
            let cut = Array(whole.prefix(length))
            let isReached = length >= 40 + 24
            let expected = IPv6UpperLayer(proto: .udp, offset: 64)
            #expect(walk(cut) == (isReached ? .upperLayer(expected) : .truncated), "\(length)")
        }
    }

    @Test func thePayloadLengthEndsTheWalkThoughBytesFollow() {
        var bytes = chain(3)
        bytes[5] = 23
        #expect(walk(bytes) == .truncated)
        bytes[5] = 24
        #expect(walk(bytes) == .upperLayer(IPv6UpperLayer(proto: .udp, offset: 64)))
    }

    @Test func aHeaderLongerThanThePacketIsTruncated() {
        var bytes = chain(1)
        bytes[41] = 0xff
        #expect(walk(bytes) == .truncated)
    }

    @Test func encryptionAndNoNextHeaderEndTheWalk() {
        for proto in [IPProtocol.esp, .noNextHeader] {
            let direct = packet(proto, [9, 9])
            #expect(walk(direct) == .upperLayer(IPv6UpperLayer(proto: proto, offset: 40)))
            let behind = packet(.hopByHop, Build.option(.hopByHop, next: proto, []))
            #expect(walk(behind) == .upperLayer(IPv6UpperLayer(proto: proto, offset: 48)))
        }
    }

    @Test func anAuthenticationHeaderCountsInWordsOfFour() {
        // RFC 4302, section 2.2: a 96-bit value makes the length field 4, for 24 bytes.
        let header: [UInt8] = [6, 4] + [UInt8](repeating: 0, count: 22)
        let bytes = packet(.authentication, header + Build.tcp(Build.v6))
        #expect(walk(bytes) == .upperLayer(IPv6UpperLayer(proto: .tcp, offset: 64)))
    }

    @Test func behindALaterFragmentNothingIsLookedAt() {
        let later = IPv6FragmentFields(
            nextHeader: .destinationOptions, offset: 8, more: true, identification: 5)
        // The data would parse as an options header, were it looked at.
        let data = Build.option(.destinationOptions, next: .tcp, [])
        let bytes = packet(
            .hopByHop, Build.option(.hopByHop, next: .fragment, Build.fragment(later, data)))
        let fragment = IPv6UpperLayer(
            proto: .destinationOptions, offset: 56,
            fragment: fragmentRead(headerOffset: 48, later))
        #expect(walk(bytes) == .upperLayer(fragment))
        #expect(!fragment.isFirstFragment)
    }

    @Test func inAFirstFragmentTheWalkGoesOn() {
        for more in [false, true] {
            let first = IPv6FragmentFields(
                nextHeader: .destinationOptions, offset: 0, more: more, identification: 5)
            let data = Build.option(.destinationOptions, next: .tcp, Build.tcp(Build.v6))
            let bytes = packet(.fragment, Build.fragment(first, data))
            let expected = IPv6UpperLayer(
                proto: .tcp, offset: 56, fragment: fragmentRead(headerOffset: 40, first))
            #expect(walk(bytes) == .upperLayer(expected))
            #expect(expected.isFirstFragment && expected.fragment?.isAtomic == !more)
        }
    }

    private func fragmentRead(headerOffset: Int, _ fields: IPv6FragmentFields) -> IPv6Fragment {
        IPv6Fragment(
            headerOffset: headerOffset, offset: fields.offset, more: fields.more,
            identification: fields.identification)
    }
}
