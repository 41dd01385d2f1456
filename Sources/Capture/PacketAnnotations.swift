// What a pcapng file can say about a packet besides its bytes: options of its block.
//
// The same value is read and written. Wireshark shows and filters on each of them: frame.comment,
// frame.packet_flags_direction, frame.packet_id, frame.verdict.

public struct PacketAnnotations: Equatable, Sendable {
    public var comments: [String]
    public var direction: Direction?
    /// The same number marks copies of one packet seen at several interfaces.
    public var packetID: UInt64?
    public var verdict: Verdict?

    public var isEmpty: Bool {
        comments.isEmpty && direction == nil && packetID == nil && verdict == nil
    }

    public enum Direction: UInt32, Sendable {
        case inbound = 1
        case outbound = 2
    }

    /// What a machine decided about the packet, in the words of who decided.
    public enum Verdict: Equatable, Sendable {
        /// Bytes that only the hardware's maker can read.
        case hardware([UInt8])
        /// A TC_ACT_ value of Linux's eBPF traffic control.
        case trafficControl(UInt64)
        /// An xdp_action of Linux: 1 drop, 2 pass, 3 transmit, 4 redirect.
        case expressDataPath(UInt64)
    }

    public init(
        comments: [String] = [], direction: Direction? = nil, packetID: UInt64? = nil,
        verdict: Verdict? = nil
    ) {
        self.comments = comments
        self.direction = direction
        self.packetID = packetID
        self.verdict = verdict
    }
}
