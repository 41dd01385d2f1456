// Goal: a rewritten packet is the packet that would have been built with the new fields. Method:
// for both families and every protocol, seeded packets are rewritten through the mutable views and
// compared, byte for byte, with packets built anew; damaged and cut ones are followed too.

import Testing
import Wire

@Suite struct RewriteTests {
    struct Flow {
        var addresses: AddressPair
        var source: Port
        var destination: Port
    }

    static let protocols: [IPProtocol] = [.tcp, .udp, .sctp]

    /// A packet of the flow, from the builders alone.
    private func build(_ proto: IPProtocol, _ flow: Flow, _ payload: [UInt8]) -> [UInt8] {
        let transport: [UInt8]
        switch proto {
        case .tcp:
            var fields = TCPFields(
                sourcePort: flow.source, destinationPort: flow.destination, sequence: 77,
                flags: .ack)
            fields.payloadByteCount = payload.count
            transport = [UInt8](TCPFields.byteCount, before: payload) {
                fields.write(to: &$0, between: flow.addresses)
            }
        case .udp:
            transport = Build.udp(
                flow.addresses, source: flow.source, destination: flow.destination, payload)
        default:
            let fields = SCTPFields(
                sourcePort: flow.source, destinationPort: flow.destination, verificationTag: 77,
                payloadByteCount: payload.count)
            transport = [UInt8](SCTPFields.byteCount, before: payload) { fields.write(to: &$0) }
        }
        return Build.ip(flow.addresses, proto, transport)
    }

    /// What a translator does: both addresses, then both ports with the change of the addresses.
    private func rewrite(
        _ packet: [UInt8], _ proto: IPProtocol, to flow: Flow, transportByteCount: Int? = nil
    ) -> [UInt8] {
        var packet = packet
        let headerByteCount = flow.addresses.isIPv6 ? 40 : 20
        let byteCount = transportByteCount ?? packet.count - headerByteCount
        packet.edit { bytes in
            var delta = ChecksumDelta()
            readdress(&bytes, to: flow.addresses, noting: &delta)
            var ports = MutableTransportPorts(
                &bytes, at: headerByteCount, proto: proto, packetByteCount: byteCount)
            ports?.setSource(flow.source, applying: delta)
            ports?.setDestination(flow.destination)
        }
        return packet
    }

    @_lifetime(bytes: copy bytes)
    private func readdress(
        _ bytes: inout MutableRawSpan, to addresses: AddressPair, noting delta: inout ChecksumDelta
    ) {
        switch addresses {
        case .v4(let source, let destination):
            guard var header = MutableIPv4Header(&bytes) else { return }
            header.setSource(source, noting: &delta)
            header.setDestination(destination, noting: &delta)
        case .v6(let source, let destination):
            guard var header = MutableIPv6Header(&bytes) else { return }
            header.setSource(source, noting: &delta)
            header.setDestination(destination, noting: &delta)
        }
    }

    private func flow(_ random: inout SeededGenerator, isIPv6: Bool) -> Flow {
        Flow(
            addresses: random.addresses(isIPv6: isIPv6), source: random.port(),
            destination: random.port())
    }

    @Test(arguments: protocols, [false, true])
    func aRewrittenPacketIsTheOneBuiltAnew(proto: IPProtocol, isIPv6: Bool) {
        var random = SeededGenerator(seed: UInt64(proto.rawValue))
        for _ in 0..<400 {
            let payload = random.bytes(Int.random(in: 0..<99, using: &random))
            let old = build(proto, flow(&random, isIPv6: isIPv6), payload)
            let new = flow(&random, isIPv6: isIPv6)
            #expect(rewrite(old, proto, to: new) == build(proto, new, payload))
        }
    }

    @Test(arguments: protocols, [false, true])
    func aPacketCutAnywhereIsRewrittenAsFarAsItGoes(proto: IPProtocol, isIPv6: Bool) {
        var random = SeededGenerator(seed: 1000 + UInt64(proto.rawValue))
        let payload = random.bytes(30)
        let old = build(proto, flow(&random, isIPv6: isIPv6), payload)
        let new = flow(&random, isIPv6: isIPv6)
        let rebuilt = build(proto, new, payload)
        let headerByteCount = isIPv6 ? 40 : 20
        for length in headerByteCount + 4...old.count {
            let cut = rewrite(
                Array(old.prefix(length)), proto, to: new,
                transportByteCount: old.count - headerByteCount)
            // A checksum of which one byte is missing cannot be changed and stays as it was.
            let checksum = headerByteCount + [.tcp: 16, .udp: 6][proto, default: 8]
            let end = checksum + (proto == .sctp ? 4 : 2)
            let part = (checksum..<end).contains(length) ? checksum : length
            #expect(cut.prefix(part) == rebuilt.prefix(part), "\(length)")
        }
    }

    @Test(arguments: protocols, [false, true])
    func aDamagedPacketStaysDamaged(proto: IPProtocol, isIPv6: Bool) {
        var random = SeededGenerator(seed: 2000 + UInt64(proto.rawValue))
        for _ in 0..<50 {
            let payload = random.bytes(40)
            var old = build(proto, flow(&random, isIPv6: isIPv6), payload)
            let new = flow(&random, isIPv6: isIPv6)
            old[old.count - 3] ^= 0x40
            var damaged = build(proto, new, payload)
            damaged[damaged.count - 3] ^= 0x40
            #expect(rewrite(old, proto, to: new) == damaged)
        }
    }

    @Test func aDatagramWithoutAChecksumStaysWithoutOne() {
        var random = SeededGenerator(seed: 768)
        for _ in 0..<200 {
            var old = build(.udp, flow(&random, isIPv6: false), [1, 2, 3])
            old[26] = 0
            old[27] = 0
            let rewritten = rewrite(old, .udp, to: flow(&random, isIPv6: false))
            #expect(rewritten[26] == 0 && rewritten[27] == 0)
        }
    }

    @Test func aDatagramChecksumThatComesOutAsZeroIsWrittenAsOnes() throws {
        // One of the 65,536 source ports makes the checksum come out as zero, and the RFC's answer
        // must be found both when building and when rewriting to that port.
        let built = (0...UInt16.max).filter { port in
            let bytes = Build.udp(Build.v4, source: Port(port), [1, 2])
            return bytes[6] == 0xff && bytes[7] == 0xff
        }
        #expect(built.count == 1)
        let port = try #require(built.first)
        var datagram = Build.udp(Build.v4, source: Port(port ^ 1), [1, 2])
        datagram.edit {
            var ports = MutableTransportPorts(&$0, proto: .udp, packetByteCount: nil)
            ports?.setSource(Port(port))
        }
        #expect(datagram == Build.udp(Build.v4, source: Port(port), [1, 2]))
        datagram.edit {
            var ports = MutableTransportPorts(&$0, proto: .udp, packetByteCount: nil)
            ports?.setSource(Port(port ^ 1))
        }
        #expect(datagram == Build.udp(Build.v4, source: Port(port ^ 1), [1, 2]))
    }

    @Test func anSCTPPacketOfUnknownLengthSaysThatItsChecksumWouldBeLost() {
        var packet = Build.sctp()
        var answers: [Bool?] = []
        packet.edit {
            answers.append(
                MutableTransportPorts(&$0, proto: .sctp, packetByteCount: nil)?.keepsChecksum)
            answers.append(
                MutableTransportPorts(&$0, proto: .sctp, packetByteCount: 32)?.keepsChecksum)
            answers.append(
                MutableTransportPorts(&$0, proto: .tcp, packetByteCount: nil)?.keepsChecksum)
            answers.append(
                MutableTransportPorts(&$0, proto: .icmp, packetByteCount: nil)?.keepsChecksum)
        }
        #expect(answers == [false, true, true, nil])
    }

    @Test func timeToLiveAndTrafficClassChangeTheHeaderAlone() {
        var random = SeededGenerator(seed: 791)
        for _ in 0..<300 {
            let ttl = UInt8.random(in: 1...255, using: &random)
            let classes: (UInt8, UInt8) = (random.value(), random.value())
            let addresses = random.addresses(isIPv6: false)
            func packet(_ ttl: UInt8, _ trafficClass: UInt8) -> [UInt8] {
                Build.ip(addresses, .tcp, [1, 2]) {
                    $0.ttl = ttl
                    $0.trafficClass = trafficClass
                }
            }
            var bytes = packet(ttl, classes.0)
            bytes.edit {
                guard var header = MutableIPv4Header(&$0) else { return }
                header.decrementTTL()
                header.setTrafficClass(classes.1)
            }
            #expect(bytes == packet(ttl - 1, classes.1))
        }
    }

    @Test func anEchoRequestBecomesItsReply() {
        func echo(_ type: ICMPType, _ identifier: UInt16) -> [UInt8] {
            let fields = ICMPFields.echo(
                type, identifier: identifier, sequence: 9, payloadByteCount: 3)
            return Build.icmp(fields, [1, 2, 3])
        }
        var message = echo(.echoRequest, 7)
        message.edit {
            guard var header = MutableICMPHeader(&$0) else { return }
            header.setType(.echoReply)
            header.setIdentifier(0xfff0)
        }
        #expect(message == echo(.echoReply, 0xfff0))
    }

    @Test func anErrorKeepsItsChecksumWhenTheQuoteIsRewritten() {
        var random = SeededGenerator(seed: 792)
        for proto in Self.protocols {
            for quoteByteCount in [28, 29, 40, 60] {
                let old = flow(&random, isIPv6: false)
                let new = flow(&random, isIPv6: false)
                let payload = random.bytes(40)
                let packet = build(proto, old, payload)
                func error(_ quote: [UInt8]) -> [UInt8] {
                    Build.icmp(.timeExceeded(quoting: quote.count), quote)
                }
                let quote = Array(packet.prefix(quoteByteCount))
                let rewritten = rewrite(
                    quote, proto, to: new, transportByteCount: packet.count - 20)
                var message = error(quote)
                message.replaceSubrange(8..., with: rewritten)
                message.edit {
                    var delta = ChecksumDelta()
                    delta.replaceSum(
                        Checksum.sum(quote.span.raw), with: Checksum.sum(rewritten.span.raw))
                    var header = MutableICMPHeader(&$0)
                    header?.apply(delta)
                }
                #expect(message == error(rewritten))
            }
        }
    }

    @Test func aNetworkIdentifierIsReplacedUnderTheOuterChecksum() {
        let inner = Build.frame(Build.v6, .tcp, Build.tcp(Build.v6))
        var frame = Build.vxlan(over: Build.v6, inner)
        frame.edit { bytes in
            var delta = ChecksumDelta()
            var vxlan = MutableVXLANHeader(&bytes, at: 62)
            vxlan?.setVNI(VNI(rawValue: 0xabcdef), noting: &delta)
            var udp = MutableTransportPorts(&bytes, at: 54, proto: .udp, packetByteCount: nil)
            udp?.apply(delta)
        }
        let reading = FieldReading(linkType: "eth", frame: frame).fields
        #expect(reading["vxlan.vni"] == "11259375" && reading["udp.ok"] == "true")
    }
}
