// Which of the three kinds of frame a turn becomes, and its bytes.
//
// Invariant: a frame is written whole before it may be damaged, and every kind says where its headers
// are.

import Wire

extension TrafficGenerator {
    /// Writes the frame of a turn of `frame.flow`; completes `frame`.
    mutating func write(_ frame: inout TrafficFrame, into buffer: inout [UInt8]) -> Damage.Place {
        if let train { return writeFragment(of: train, &frame, into: &buffer) }
        if flows[frame.flow].isAnswered, random.chance(specification.icmpErrors) {
            return writeError(&frame, into: &buffer)
        }
        let (draft, isFromClient) = nextDraft(of: frame.flow)
        if case .udp = draft.transport, flows[frame.flow].connectionLeft > 0,
            random.chance(specification.fragments)
        {
            let train = nextTrain(draft, flow: frame.flow, isFromClient: isFromClient)
            return writeFragment(of: train, &frame, into: &buffer)
        }
        frame.byteCount = layout.byteCount + draft.byteCount
        var bytes = buffer.rawBytes(at: 0, count: frame.byteCount)
        let target = specification.targets[flows[frame.flow].target]
        layout.write(to: &bytes, node: target.address, isFromClient: isFromClient)
        var packet = bytes.tail(from: layout.byteCount)
        draft.write(to: &packet)
        return place(draft.addresses, draft.proto, hasTransport: true)
    }

    /// The packet of the flow's step, which is one that is shown. Those after it that are not are
    /// walked at once, so that the next turn finds one that is.
    private mutating func nextDraft(of index: Int) -> (PacketDraft, isFromClient: Bool) {
        let target = specification.targets[flows[index].target]
        let isFromClient = flows[index].step.isFromClient
        let shown = step(of: index, to: target)
        while !isShown(flows[index].step, target.transport) { _ = step(of: index, to: target) }
        return (shown, isFromClient)
    }

    private func isShown(_ step: Flow.Step, _ transport: TrafficTarget.Transport) -> Bool {
        guard step != .welcome || transport == .sctp else { return false }
        return step.isFromClient || specification.isBothDirections
    }

    /// Takes one step of the flow.
    private mutating func step(of index: Int, to target: TrafficTarget) -> PacketDraft {
        let draft = draft(of: index, to: target)
        let closeCount: UInt32 = specification.isBothDirections ? 3 : 2
        flows[index].advance(target.transport, closeCount: closeCount, &random)
        return draft
    }

    private mutating func draft(of index: Int, to target: TrafficTarget) -> PacketDraft {
        let network = target.isIPv6 ? IPv6Fields.byteCount : IPv4Fields.byteCount
        let payload = sizes.payloadByteCount(
            behind: network + target.transport.overheadByteCount, &random)
        return flows[index].draft(
            to: target, payloadByteCount: payload,
            segmentByteCountMax: sizes.packetByteCountMax - network - TCPFields.byteCount)
    }

    private func place(
        _ addresses: AddressPair, _ proto: IPProtocol, hasTransport: Bool
    ) -> Damage.Place {
        let transport = hasTransport ? layout.byteCount + addresses.headerByteCount : nil
        return Damage.Place(
            network: layout.byteCount, transport: transport, proto: proto,
            isIPv6: addresses.isIPv6)
    }
}

/// Fragments.
extension TrafficGenerator {
    /// A datagram in the place of `draft` that goes in pieces, starting with this turn.
    private mutating func nextTrain(
        _ draft: PacketDraft, flow: Int, isFromClient: Bool
    ) -> FragmentTrain {
        let left = Int(flows[flow].connectionLeft) + 1
        let count = min(left, 2 + random.below(TrafficLimits.fragmentCountMax - 1))
        let overhead = FragmentTrain.overheadByteCount(isIPv6: draft.addresses.isIPv6)
        let pieces = (0..<count).map { _ in
            // The first piece has the UDP header, and at least what any payload has.
            max(
                UDPFields.byteCount + Payload.byteCountMin,
                sizes.payloadByteCount(behind: overhead, &random))
        }
        datagramCount &+= 1
        return FragmentTrain(
            draft, flow: flow, isFromClient: isFromClient, identification: datagramCount,
            pieces: pieces, isReversed: random.below(4) == 0)
    }

    private mutating func writeFragment(
        of train: FragmentTrain, _ frame: inout TrafficFrame, into buffer: inout [UInt8]
    ) -> Damage.Place {
        var train = train
        let piece = train.next()
        let datagram = train.datagram
        let isIPv6 = datagram.addresses.isIPv6
        let overhead = FragmentTrain.overheadByteCount(isIPv6: isIPv6)
        frame.kind = .fragment
        frame.byteCount = layout.byteCount + overhead + piece.count
        var bytes = buffer.rawBytes(at: 0, count: frame.byteCount)
        let target = specification.targets[flows[train.flow].target]
        layout.write(to: &bytes, node: target.address, isFromClient: train.isFromClient)
        let start = layout.byteCount + overhead
        var whole = scratch.rawBytes(at: 0, count: datagram.transportByteCount)
        datagram.writeTransport(to: &whole)
        bytes.copy(whole.bytes.extracting(piece), at: start)
        var packet = bytes.tail(from: layout.byteCount)
        train.writeHeaders(of: piece, to: &packet)
        self.train = train.isFinished ? nil : train
        return place(datagram.addresses, .udp, hasTransport: false)
    }
}

/// ICMP errors.
extension TrafficGenerator {
    /// How large a packet is that was too big somewhere.
    private static let tooBigByteCount = 1500

    private mutating func writeError(
        _ frame: inout TrafficFrame, into buffer: inout [UInt8]
    ) -> Damage.Place {
        let target = specification.targets[flows[frame.flow].target]
        var error = QuotedError.allCases[random.below(QuotedError.allCases.count)]
        // Only a datagram finds its port closed; TCP and SCTP would answer themselves.
        if error == .portUnreachable, target.transport != .udp { error = .hostUnreachable }
        let quoted = answer(of: frame.flow, to: target, isLarge: error == .tooBig)
        let isIPv6 = target.isIPv6
        let quoteByteCount = QuotedError.quoteByteCount(of: quoted)
        let addresses = error.addresses(about: quoted, router: UInt8(1 + random.below(4)))
        let start = layout.byteCount + addresses.headerByteCount + ICMPFields.byteCount
        frame.kind = .icmpError
        frame.byteCount = start + quoteByteCount
        var bytes = buffer.rawBytes(at: 0, count: frame.byteCount)
        layout.write(to: &bytes, node: target.address, isFromClient: true)
        var packet = scratch.rawBytes(at: 0, count: quoted.byteCount)
        quoted.write(to: &packet)
        bytes.copy(packet.bytes.extracting(0..<quoteByteCount), at: start)
        var message = bytes.tail(from: layout.byteCount)
        error.write(to: &message, between: addresses, quoteByteCount: quoteByteCount)
        return place(addresses, isIPv6 ? .icmpv6 : .icmp, hasTransport: true)
    }

    /// A packet with data from the service to the flow's client, which the flow does not count.
    private mutating func answer(
        of index: Int, to target: TrafficTarget, isLarge: Bool
    ) -> PacketDraft {
        var flow = flows[index]
        flow.step = .respond
        let network = target.isIPv6 ? IPv6Fields.byteCount : IPv4Fields.byteCount
        let overhead = network + target.transport.overheadByteCount
        let drawn = sizes.payloadByteCount(behind: overhead, &random)
        return flow.draft(
            to: target, payloadByteCount: isLarge ? Self.tooBigByteCount - overhead : drawn,
            segmentByteCountMax: 0)
    }
}
