// What a generated frame is, besides its bytes: its time, and why it was made.
// A trivial value; the bytes themselves lie in the buffer that the caller lent.

public struct TrafficFrame: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A whole packet of the flow.
        case packet
        /// A piece of one of the flow's datagrams.
        case fragment
        /// An error about the flow, which it quotes.
        case icmpError
    }

    /// Since 1970-01-01T00:00:00Z.
    public var timestampNanoseconds: UInt64
    /// On the wire and in the buffer: nothing generated is cut by a snap length.
    public var byteCount: Int
    /// By popularity, the most popular being zero.
    public var flow: Int
    public var kind: Kind
    public var isMalformed: Bool
}
