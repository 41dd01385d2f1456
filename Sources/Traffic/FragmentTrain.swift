// The fragments of one UDP datagram (RFC 791, section 3.2; RFC 8200, section 4.5).
//
// Fragments of a datagram follow each other without other packets in between, as they leave a host;
// last first when a path reorders them. Invariant: pieces but the last are multiples of eight bytes,
// and together they are exactly the datagram, whose checksum is right.

import Wire

struct FragmentTrain {
    let flow: Int
    let datagram: PacketDraft
    let isFromClient: Bool
    let identification: UInt32
    /// Where the pieces begin and the last one ends, in the datagram.
    private let bounds: [Int]
    private let isReversed: Bool
    private var sentCount = 0

    /// Cuts a datagram into pieces of the byte counts given. `draft` becomes the whole datagram.
    init(
        _ draft: PacketDraft, flow: Int, isFromClient: Bool, identification: UInt32,
        pieces: [Int], isReversed: Bool
    ) {
        var bounds = [0]
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            bounds.append((bounds.last ?? 0) + (isLast ? piece : max(8, piece & ~7)))
        }
        var datagram = draft
        if case .udp(var fields) = draft.transport {
            fields.payloadByteCount = (bounds.last ?? 0) - UDPFields.byteCount
            datagram.transport = .udp(fields)
        }
        self.flow = flow
        self.datagram = datagram
        self.isFromClient = isFromClient
        self.identification = identification
        self.bounds = bounds
        self.isReversed = isReversed
    }

    var isFinished: Bool { sentCount == bounds.count - 1 }

    /// Of the headers in front of each piece.
    static func overheadByteCount(isIPv6: Bool) -> Int {
        isIPv6 ? IPv6Fields.byteCount + IPv6FragmentFields.byteCount : IPv4Fields.byteCount
    }

    /// The next piece, as a range of the datagram's transport bytes.
    mutating func next() -> Range<Int> {
        let index = isReversed ? bounds.count - 2 - sentCount : sentCount
        sentCount += 1
        return bounds[index]..<bounds[index + 1]
    }

    /// Writes the headers of `piece` to the start of `bytes`; the piece itself goes behind them.
    @_lifetime(bytes: copy bytes)
    func writeHeaders(of piece: Range<Int>, to bytes: inout MutableRawSpan) {
        let hasMore = piece.upperBound < datagram.transportByteCount
        switch datagram.addresses {
        case .v4(let source, let destination):
            var fields = IPv4Fields(
                source: source, destination: destination, proto: .udp,
                payloadByteCount: piece.count)
            fields.identification = UInt16(truncatingIfNeeded: identification)
            fields.dontFragment = false
            fields.moreFragments = hasMore
            fields.fragmentOffset = piece.lowerBound
            fields.write(to: &bytes)
        case .v6(let source, let destination):
            IPv6Fields(
                source: source, destination: destination, nextHeader: .fragment,
                payloadByteCount: IPv6FragmentFields.byteCount + piece.count
            ).write(to: &bytes)
            var tail = bytes.tail(from: IPv6Fields.byteCount)
            IPv6FragmentFields(
                nextHeader: .udp, offset: piece.lowerBound, more: hasMore,
                identification: identification
            ).write(to: &tail)
        }
    }
}
