// The packet that a flow's step sends, and what sending it does to the sequence numbers.
//
// Invariant: both ends' numbers agree: each acknowledges exactly what the other has sent so far
// (RFC 9293, section 3.4; RFC 9260, sections 5.1 and 6).

import Wire

extension Flow {
    /// The packet of `step`, whose data are `payloadByteCount` bytes if it sends any.
    mutating func draft(
        to target: TrafficTarget, payloadByteCount: Int, segmentByteCountMax: Int
    ) -> PacketDraft {
        let isFromClient = step.isFromClient
        let ports = isFromClient ? (clientPort, target.port) : (target.port, clientPort)
        let transport: PacketDraft.Transport
        switch target.transport {
        case .tcp:
            var fields = TCPFields(sourcePort: ports.0, destinationPort: ports.1, flags: tcpFlags)
            fields.maximumSegmentSize =
                fields.flags.contains(.syn) ? UInt16(clamping: segmentByteCountMax) : nil
            fields.payloadByteCount = step == .send || step == .respond ? payloadByteCount : 0
            number(&fields)
            transport = .tcp(fields)
        case .udp:
            transport = .udp(
                UDPFields(
                    sourcePort: ports.0, destinationPort: ports.1,
                    payloadByteCount: payloadByteCount))
        case .sctp:
            transport = .sctp(
                SCTPDraft(
                    sourcePort: ports.0, destinationPort: ports.1,
                    verificationTag: step == .open ? 0 : isFromClient ? serverTag : clientTag,
                    chunk: chunk(payloadByteCount: payloadByteCount)))
        }
        return PacketDraft(
            addresses: isFromClient ? addresses : addresses.reversed, transport: transport)
    }

    private var tcpFlags: TCPFlags {
        switch step {
        case .open: .syn
        case .accept: [.syn, .ack]
        case .confirm, .welcome, .last: .ack
        case .send, .respond: [.psh, .ack]
        case .finish, .finishBack: [.fin, .ack]
        case .reset: [.rst, .ack]
        }
    }

    /// Numbers a segment, and counts what it takes of the sequence space.
    private mutating func number(_ fields: inout TCPFields) {
        let isFromClient = step.isFromClient
        fields.sequence = isFromClient ? clientNext : serverNext
        fields.acknowledgment = step == .open ? 0 : isFromClient ? serverNext : clientNext
        let isMark = fields.flags.contains(.syn) || fields.flags.contains(.fin)
        let taken = UInt32(fields.payloadByteCount) + (isMark ? 1 : 0)
        if isFromClient { clientNext &+= taken } else { serverNext &+= taken }
    }

    private mutating func chunk(payloadByteCount: Int) -> SCTPDraft.Chunk {
        switch step {
        case .open: return .initiation(tag: clientTag, sequence: clientNext)
        case .accept: return .initiationAck(tag: serverTag, sequence: serverNext)
        case .confirm: return .cookieEcho
        case .welcome: return .cookieAck
        case .send:
            clientNext &+= 1
            return .data(
                sequence: clientNext &- 1, acknowledging: serverNext &- 1,
                byteCount: payloadByteCount & ~3)
        case .respond:
            serverNext &+= 1
            return .data(
                sequence: serverNext &- 1, acknowledging: clientNext &- 1,
                byteCount: payloadByteCount & ~3)
        case .finish: return .shutdown(acknowledging: serverNext &- 1)
        case .finishBack: return .shutdownAck
        case .last: return .shutdownComplete
        case .reset: return .abort
        }
    }
}

extension TrafficTarget.Transport {
    /// Of the headers between IP and data, in a packet that carries data.
    var overheadByteCount: Int {
        switch self {
        case .tcp: TCPFields.byteCount
        case .udp: UDPFields.byteCount
        case .sctp: SCTPDraft.dataOverheadByteCount
        }
    }
}
