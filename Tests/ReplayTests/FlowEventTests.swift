// Goal: whatever flags or chunk a packet comes with, both ways of the data plane take it for the same, and
// for what it is. Method: every byte of TCP flags and every SCTP chunk type, once as a flow's first packet
// and once after a reset, and what the flow lets through afterwards from another node's address: an open
// flow keeps to the address it began with. One that is over does not, nor one that was no more than opened
// and is forgotten after two minutes.

import Dataplane
import Mesh
import Replay
import Testing
import Wire

@Suite struct FlowEventTests {
    enum Event {
        case opening, data, closing, reset
    }

    struct Transport: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var proto: UInt8
        var port: UInt16
        var opening: UInt8
        var data: UInt8
        var reset: UInt8
        /// What a mark is, as RFC 9293 and RFC 9260 have it.
        var event: @Sendable (UInt8) -> Event

        static let all = [
            Transport(
                testDescription: "TCP", proto: 6, port: 8_080, opening: 0x02, data: 0x10,
                reset: 0x04
            ) { flags in
                if flags & 0x04 != 0 { return .reset }
                if flags & 0x02 != 0 { return flags & 0x10 == 0 ? .opening : .data }
                return flags & 0x01 != 0 ? .closing : .data
            },
            Transport(
                testDescription: "SCTP", proto: 132, port: 3_868, opening: 1, data: 0, reset: 6
            ) { chunk in
                switch chunk {
                case 1: .opening
                case 6, 14: .reset
                case 7, 8: .closing
                default: .data
                }
            },
        ]
    }

    @Test(arguments: Transport.all, [true, false])
    func `every mark does to its flow what it says`(
        transport: Transport, usesShortWay: Bool
    ) throws {
        let cluster = try Replaying.cluster("web")
        let frames = (UInt8.min...UInt8.max).flatMap { mark in
            let (first, second) = (1_000 + UInt16(mark), 3_000 + UInt16(mark))
            return [
                Self.frame(transport, from: first, to: 11, mark),
                Self.frame(transport, from: first, to: 12, transport.data),
                Self.frame(transport, from: second, to: 11, transport.opening),
                Self.frame(transport, from: second, to: 11, transport.reset),
                Self.frame(transport, from: second, to: 12, mark),
            ]
        }
        var observer = FateObserver(Compilation(cluster).program(for: NodeID(0)))
        try withDirectory { directory in
            let path = "\(directory)/marks.pcap"
            try TraceFile.write(
                frames.enumerated().map { RawFrame($1, at: Self.time(of: $0)) }, to: path)
            try Replaying.replay(path, through: cluster, usesShortWay: usesShortWay, &observer)
        }
        for mark in UInt8.min...UInt8.max {
            let event = transport.event(mark)
            let isOpen = event == .data || event == .closing
            let isEnd = event == .closing || event == .reset
            let conflicts = [false, isOpen, false, false, isEnd]
            for (index, isConflict) in conflicts.enumerated() {
                let number = UInt64(mark) * 5 + UInt64(index) + 1
                let isDelivered = observer.endpoint(number) != nil
                let wasConflict = observer.fates[number]?.last == .dropped(.flowConflict)
                #expect(
                    wasConflict == isConflict && isDelivered != isConflict,
                    "mark \(mark), packet \(index)")
            }
        }
    }

    /// The second packet of five comes 130 seconds after the first, in nanoseconds.
    private static func time(of index: Int) -> UInt64 {
        let seconds = UInt64(index / 5 * 300 + (index % 5 == 0 ? 0 : 130))
        return seconds * 1_000_000_000 + UInt64(index % 5) * 1_000
    }

    /// A packet of one client to a node's address, with a mark: TCP's flags or the type of SCTP's chunk.
    private static func frame(
        _ transport: Transport, from port: UInt16, to node: UInt8, _ mark: UInt8
    ) -> [UInt8] {
        let high = { (number: UInt16) in UInt8(number >> 8) }
        let low = { (number: UInt16) in UInt8(number & 0xff) }
        let ends = [high(port), low(port), high(transport.port), low(transport.port)]
        let rest: [UInt8] =
            transport.proto == 6
            ? [0, 0, 0, 1, 0, 0, 0, 1, 0x50, mark, 0xff, 0xff, 0x12, 0x34, 0, 0]
            : [0, 0, 0, 1, 0, 0, 0, 0, mark, 0, 0, 4]
        let count = UInt8(20 + ends.count + rest.count)
        var header: [UInt8] = [0x45, 0, 0, count, 0, 1, 0, 0, 64, transport.proto, 0, 0]
        header += [203, 0, 113, 7, 192, 0, 2, node]
        let checksum = Checksum.of(header.span.raw)
        (header[10], header[11]) = (high(checksum), low(checksum))
        let ethernet: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
        return ethernet + header + ends + rest
    }
}
