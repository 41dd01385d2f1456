// The two ports with which TCP, UDP and SCTP headers all start, and the rewriting of one that keeps
// whatever checksum is there right, in one call for all three protocols.
//
// This is what a rewrite uses: it needs only the four bytes of the ports, so it also works in the
// first fragment of a packet, in a packet cut by a snap length and in the eight bytes of transport
// header that an ICMP error must quote. Invariant: a checksum within the bytes changes by exactly
// what the port and the noted addresses changed; where it is beyond them or only half there,
// nothing but the port changes.

@usableFromInline enum TransportOffset {
    @usableFromInline static var source: Int { 0 }
    @usableFromInline static var destination: Int { 2 }
    @usableFromInline static var end: Int { 4 }
}

/// A read-only view of the ports.
public struct TransportPorts: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil when fewer than four bytes are there. Whether they are ports is for the caller to know.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= TransportOffset.end else { return nil }
        self.bytes = bytes
    }

    @inlinable public var source: Port { Port(bytes.u16(TransportOffset.source)) }
    @inlinable public var destination: Port { Port(bytes.u16(TransportOffset.destination)) }
}

extension IPProtocol {
    /// TCP, UDP or SCTP: the header starts with `TransportPorts`.
    @inlinable public var hasPorts: Bool { self == .tcp || self == .udp || self == .sctp }
}

/// A view that can change the ports of TCP, UDP or SCTP.
public struct MutableTransportPorts: ~Copyable, ~Escapable {
    @usableFromInline var bytes: MutableRawSpan
    @usableFromInline let proto: IPProtocol
    /// Of transport header and payload, or -1.
    @usableFromInline let packetByteCount: Int

    /// Nil when `proto` is none of the three or fewer than four bytes are there.
    ///
    /// `packetByteCount` is the length of transport header and payload as the sender made them,
    /// nil when not known, as in a fragment. SCTP's checksum cannot be kept without it.
    @inlinable @inline(__always)
    @_lifetime(&bytes)
    public init?(
        _ bytes: inout MutableRawSpan, at offset: Int = 0, proto: IPProtocol, packetByteCount: Int?
    ) {
        guard proto.hasPorts, TransportPorts(bytes.bytes.from(offset)) != nil else { return nil }
        self.bytes = bytes.tail(from: offset)
        self.proto = proto
        self.packetByteCount = packetByteCount ?? -1
    }

    /// The same ports, to read.
    @inlinable public var ports: TransportPorts? {
        @_lifetime(borrow self)
        get { TransportPorts(bytes.bytes) }
    }

    /// False when the checksum is there but cannot follow a change: SCTP of unknown length. Such a
    /// port must not be changed.
    @inlinable public var keepsChecksum: Bool {
        proto != .sctp || packetByteCount >= 0 || bytes.byteCount < SCTPOffset.end
    }

    /// Replaces the source port and applies `delta`, the address changes noted so far, to the
    /// checksum. When both ports change, only one of the calls may carry `delta`.
    @inlinable @inline(__always)
    public mutating func setSource(_ port: Port, applying delta: ChecksumDelta = ChecksumDelta()) {
        set(port, at: TransportOffset.source, applying: delta)
    }

    /// Replaces the destination port, otherwise as `setSource`.
    @inlinable @inline(__always)
    public mutating func setDestination(
        _ port: Port, applying delta: ChecksumDelta = ChecksumDelta()
    ) {
        set(port, at: TransportOffset.destination, applying: delta)
    }

    /// Applies address changes without a change of port.
    @inlinable @inline(__always)
    public mutating func apply(_ delta: ChecksumDelta) {
        if proto == .tcp {
            bytes.applyTCP(delta)
        } else if proto == .udp {
            bytes.applyUDP(delta)
        }
    }

    @inlinable @inline(__always)
    mutating func set(_ port: Port, at offset: Int, applying delta: ChecksumDelta) {
        guard proto != .sctp else {
            bytes.setSCTPPort(port, at: offset, packetByteCount: packetByteCount)
            return
        }
        var delta = delta
        delta.replace(bytes.u16(offset), with: port.rawValue)
        bytes.setU16(offset, port.rawValue)
        apply(delta)
    }
}
