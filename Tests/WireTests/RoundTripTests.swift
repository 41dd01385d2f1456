// Goal: what is built is what is read. Method: for each header, seeded random fields are written
// and every one of them read back; checksums are verified by the view and broken by one bit.

import Testing
import Wire

@Suite struct RoundTripTests {
    private static let rounds = 300

    /// The same bytes with one bit turned at `index`.
    private func changing(_ bytes: [UInt8], at index: Int) -> [UInt8] {
        var bytes = bytes
        bytes[index] ^= 4
        return bytes
    }

    @Test func ethernetAndItsTags() {
        var random = SeededGenerator(seed: 8023)
        for round in 0..<Self.rounds {
            let source = random.mac()
            let destination = random.mac()
            let tpids: [EtherType] = [.vlan, .qinq, EtherType(rawValue: 0x9100)]
            let tags = (0..<round % 3).map { index in
                VLANTag(
                    tpid: tpids[(round + index) % 3], pcp: random.value(),
                    dei: random.value(UInt8.self) & 1 == 0, vid: random.value())
            }
            let type = EtherType(rawValue: 0x0800 + UInt16(round))
            var frame = Build.ethernet(type, tags: tags, [0xab])
            frame.edit {
                guard var header = MutableEthernetHeader(&$0) else { return }
                header.setSource(source)
                header.setDestination(destination)
            }
            guard let link = LinkHeader(frame.span.raw) else {
                Issue.record("round \(round): no link header")
                continue
            }
            #expect(link.source == source && link.destination == destination)
            #expect(link.tagCount == tags.count && link.etherType == type)
            #expect((0..<3).compactMap { link.tag($0) } == tags)
            #expect(link.tag(-1) == nil)
            #expect(link.byteCount == 14 + 4 * tags.count)
            #expect(link.payload.byteCount == 1 && link.payload.u8(0) == 0xab)
        }
    }

    @Test func moreTagsThanTwoLeaveATagAsTheType() {
        let tags = [VLANTag(vid: 1), VLANTag(vid: 2), VLANTag(vid: 3)]
        let frame = Build.ethernet(.ipv4, tags: tags, [])
        guard let link = LinkHeader(frame.span.raw) else {
            Issue.record("no link header")
            return
        }
        #expect(link.tagCount == 2 && link.etherType == .vlan && link.etherType.isTag)
    }

    @Test func arp() {
        var random = SeededGenerator(seed: 826)
        for _ in 0..<Self.rounds {
            let fields = ARPFields(
                operation: ARPOperation(rawValue: random.value()), senderMAC: random.mac(),
                senderAddress: random.ipv4(), targetMAC: random.mac(),
                targetAddress: random.ipv4())
            let bytes = [UInt8](ARPFields.byteCount) { fields.write(to: &$0) }
            guard let header = ARPHeader(bytes.span.raw) else {
                Issue.record("no ARP header")
                continue
            }
            let read = ARPFields(
                operation: header.operation, senderMAC: header.senderMAC,
                senderAddress: header.senderAddress, targetMAC: header.targetMAC,
                targetAddress: header.targetAddress)
            #expect(read == fields)
            let answer = ARPFields(answering: header, with: Build.source)
            var inPlace = bytes
            inPlace.edit {
                guard var header = MutableARPHeader(&$0) else { return }
                header.setOperation(.reply)
                header.setTarget(fields.senderMAC, fields.senderAddress)
                header.setSender(Build.source, fields.targetAddress)
            }
            #expect(inPlace == [UInt8](ARPFields.byteCount) { answer.write(to: &$0) })
        }
    }

    @Test func ipv4() {
        var random = SeededGenerator(seed: 791)
        for _ in 0..<Self.rounds {
            var fields = IPv4Fields(
                source: random.ipv4(), destination: random.ipv4(),
                proto: IPProtocol(rawValue: random.value()),
                payloadByteCount: Int.random(in: 0..<40, using: &random))
            fields.ttl = random.value()
            fields.trafficClass = random.value()
            fields.identification = random.value()
            fields.dontFragment = Bool.random(using: &random)
            fields.moreFragments = Bool.random(using: &random)
            fields.fragmentOffset = Int.random(in: 0..<8192, using: &random) * 8
            // Ten bytes of padding behind the packet, as a short frame has.
            let payload = [UInt8](repeating: 0, count: fields.payloadByteCount + 10)
            let bytes = [UInt8](IPv4Fields.byteCount, before: payload) { fields.write(to: &$0) }
            guard let header = IPv4Header(bytes.span.raw) else {
                Issue.record("no IPv4 header")
                continue
            }
            var read = IPv4Fields(
                source: header.source, destination: header.destination, proto: header.proto,
                payloadByteCount: header.payload.byteCount)
            read.ttl = header.ttl
            read.trafficClass = header.trafficClass
            read.identification = header.identification
            read.dontFragment = header.dontFragment
            read.moreFragments = header.moreFragments
            read.fragmentOffset = header.fragmentOffset
            #expect(read == fields)
            #expect(header.packet.byteCount == 20 + fields.payloadByteCount)
            #expect(header.isFragment == (fields.moreFragments || fields.fragmentOffset > 0))
            #expect(header.isChecksumValid && header.options.byteCount == 0)
            let damaged = changing(bytes, at: Int.random(in: 8..<20, using: &random))
            #expect(IPv4Header(damaged.span.raw)?.isChecksumValid == false)
        }
    }

    @Test func ipv6() {
        var random = SeededGenerator(seed: 8200)
        for _ in 0..<Self.rounds {
            var fields = IPv6Fields(
                source: random.ipv6(), destination: random.ipv6(),
                nextHeader: IPProtocol(rawValue: random.value()),
                payloadByteCount: Int.random(in: 0..<40, using: &random))
            fields.hopLimit = random.value(UInt8.self) | 1
            fields.trafficClass = random.value()
            fields.flowLabel = random.value(UInt32.self) >> 12
            let payload = [UInt8](repeating: 0, count: fields.payloadByteCount + 10)
            let bytes = [UInt8](IPv6Fields.byteCount, before: payload) { fields.write(to: &$0) }
            guard let header = IPv6Header(bytes.span.raw) else {
                Issue.record("no IPv6 header")
                continue
            }
            var read = IPv6Fields(
                source: header.source, destination: header.destination,
                nextHeader: header.nextHeader, payloadByteCount: header.payload.byteCount)
            read.hopLimit = header.hopLimit
            read.trafficClass = header.trafficClass
            read.flowLabel = header.flowLabel
            #expect(read == fields)
            let trafficClass = random.value(UInt8.self)
            var changed = bytes
            changed.edit {
                guard var header = MutableIPv6Header(&$0) else { return }
                header.decrementHopLimit()
                header.setTrafficClass(trafficClass)
            }
            fields.hopLimit -= 1
            fields.trafficClass = trafficClass
            #expect(
                changed == [UInt8](IPv6Fields.byteCount, before: payload) { fields.write(to: &$0) })
        }
    }

    @Test(arguments: [false, true])
    func tcp(isIPv6: Bool) {
        var random = SeededGenerator(seed: 9293)
        for round in 0..<Self.rounds {
            let addresses = random.addresses(isIPv6: isIPv6)
            let payload = random.bytes(round % 50)
            var fields = TCPFields(
                sourcePort: random.port(), destinationPort: random.port(),
                sequence: random.value(), acknowledgment: random.value(),
                flags: TCPFlags(rawValue: random.value()))
            fields.window = random.value()
            fields.maximumSegmentSize = round % 2 == 0 ? nil : random.value()
            fields.payloadByteCount = payload.count
            let bytes = [UInt8](fields.headerByteCount, before: payload) {
                fields.write(to: &$0, between: addresses)
            }
            guard let header = TCPHeader(bytes.span.raw) else {
                Issue.record("no TCP header")
                continue
            }
            var read = TCPFields(
                sourcePort: header.sourcePort, destinationPort: header.destinationPort,
                sequence: header.sequence, acknowledgment: header.acknowledgment,
                flags: header.flags)
            read.window = header.window
            read.maximumSegmentSize = header.maximumSegmentSize
            read.payloadByteCount = header.payload.byteCount
            #expect(read == fields && header.urgentPointer == 0)
            #expect(header.isChecksumValid(between: addresses) == true)
            let damaged = changing(bytes, at: bytes.count - 1)
            #expect(TCPHeader(damaged.span.raw)?.isChecksumValid(between: addresses) == false)
        }
    }

    @Test(arguments: [false, true])
    func udp(isIPv6: Bool) {
        var random = SeededGenerator(seed: 768)
        for round in 0..<Self.rounds {
            let addresses = random.addresses(isIPv6: isIPv6)
            let payload = random.bytes(1 + round % 50)
            let source = random.port()
            let destination = random.port()
            let bytes = Build.udp(addresses, source: source, destination: destination, payload)
            guard let header = UDPHeader(bytes.span.raw) else {
                Issue.record("no UDP header")
                continue
            }
            #expect(header.sourcePort == source && header.destinationPort == destination)
            #expect(header.totalByteCount == 8 + payload.count)
            #expect(header.payload.byteCount == payload.count)
            #expect(header.hasChecksum && header.isChecksumValid(between: addresses))
            let cut = UDPHeader(bytes.span.raw.extracting(droppingLast: 1))
            #expect(cut?.isChecksumValid(between: addresses) == false)
            let damaged = changing(bytes, at: bytes.count - 1)
            #expect(UDPHeader(damaged.span.raw)?.isChecksumValid(between: addresses) == false)
            var plain = bytes
            plain.edit { $0.setU16(6, 0) }
            #expect(UDPHeader(plain.span.raw)?.isChecksumValid(between: addresses) == !isIPv6)
        }
    }

    @Test func sctp() {
        var random = SeededGenerator(seed: 9260)
        for round in 0..<Self.rounds {
            let payload = random.bytes(1 + round % 50)
            let fields = SCTPFields(
                sourcePort: random.port(), destinationPort: random.port(),
                verificationTag: random.value(), payloadByteCount: payload.count)
            let bytes = [UInt8](SCTPFields.byteCount, before: payload) { fields.write(to: &$0) }
            guard let header = SCTPHeader(bytes.span.raw) else {
                Issue.record("no SCTP header")
                continue
            }
            let read = SCTPFields(
                sourcePort: header.sourcePort, destinationPort: header.destinationPort,
                verificationTag: header.verificationTag,
                payloadByteCount: header.payload.byteCount)
            #expect(read == fields && header.isChecksumValid)
            #expect(header.firstChunkType?.rawValue == payload[0])
            #expect(SCTPHeader(bytes.span.raw.extracting(first: 12))?.firstChunkType == nil)
            let damaged = changing(bytes, at: bytes.count - 1)
            #expect(SCTPHeader(damaged.span.raw)?.isChecksumValid == false)
        }
    }

    @Test func icmpAndICMPv6() {
        var random = SeededGenerator(seed: 792)
        for round in 0..<Self.rounds {
            let payload = random.bytes(round % 50)
            let fields = ICMPFields(
                type: ICMPType(rawValue: random.value()), code: random.value(),
                parameter: random.value(), payloadByteCount: payload.count)
            let fields6 = ICMPv6Fields(
                type: ICMPv6Type(rawValue: random.value()), code: random.value(),
                parameter: random.value(), payloadByteCount: payload.count)
            let bytes = Build.icmp(fields, payload)
            let bytes6 = Build.icmpv6(fields6, payload)
            guard let header = ICMPHeader(bytes.span.raw),
                let header6 = ICMPv6Header(bytes6.span.raw)
            else {
                Issue.record("no ICMP header")
                continue
            }
            let read = ICMPFields(
                type: header.type, code: header.code, parameter: header.parameter,
                payloadByteCount: header.payload.byteCount)
            let read6 = ICMPv6Fields(
                type: header6.type, code: header6.code, parameter: header6.parameter,
                payloadByteCount: header6.payload.byteCount)
            #expect(read == fields && header.isChecksumValid)
            #expect(read6 == fields6 && header6.isChecksumValid(between: Build.v6))
            #expect(header6.isChecksumValid(between: Build.v4) == false)
            #expect(
                (header.quoteOffset != nil) == [3, 4, 5, 11, 12].contains(header.type.rawValue))
            #expect((header6.quoteOffset != nil) == (header6.type.rawValue < 128))
        }
    }
}
