// The chain of IPv6 extension headers (RFC 8200, section 4; Authentication Header, RFC 4302).
//
// Invariant: the walk is bounded by `IPv6UpperLayer.extensionCountMax` and by the bytes of the
// packet, and ends in one of three answers that cannot be mistaken for each other. Encrypted
// payload (ESP) and No Next Header end it as upper layers of their own. Behind a fragment header
// that is not the first fragment's nothing is looked at: the bytes there are the middle of
// something.

extension IPProtocol {
    @inlinable public static var hopByHop: Self { Self(rawValue: 0) }
    @inlinable public static var routing: Self { Self(rawValue: 43) }
    @inlinable public static var fragment: Self { Self(rawValue: 44) }
    @inlinable public static var esp: Self { Self(rawValue: 50) }
    @inlinable public static var authentication: Self { Self(rawValue: 51) }
    @inlinable public static var noNextHeader: Self { Self(rawValue: 59) }
    @inlinable public static var destinationOptions: Self { Self(rawValue: 60) }
}

/// What a fragment header says.
public struct IPv6Fragment: Hashable, Sendable {
    /// Of the fragment header, from the start of the IPv6 header.
    public var headerOffset: Int
    /// Of the data that follows, in bytes, within the original packet's fragmentable part.
    public var offset: Int
    public var more: Bool
    public var identification: UInt32

    @inlinable
    public init(headerOffset: Int, offset: Int, more: Bool, identification: UInt32) {
        self.headerOffset = headerOffset
        self.offset = offset
        self.more = more
        self.identification = identification
    }

    @inlinable public var isFirst: Bool { offset == 0 }
    /// Offset zero and none to follow: a whole packet that happens to wear the header (RFC 6946).
    @inlinable public var isAtomic: Bool { offset == 0 && !more }
}

/// Where the chain of extension headers leads.
public struct IPv6UpperLayer: Hashable, Sendable {
    /// RFC 8200 has each header at most once, destination options twice: six. Eight leaves room
    /// for two more kinds; a longer chain is made to exhaust a parser.
    public static let extensionCountMax = 8

    /// In a fragment that is not the first, what the first fragment starts with, which may again
    /// be an extension header.
    public var proto: IPProtocol
    /// Of the upper layer's first byte, from the start of the IPv6 header; at most the end of the
    /// packet's bytes.
    public var offset: Int
    public var fragment: IPv6Fragment?
    /// A routing header has segments left: the packet is still to pass other addresses (RFC 8200, section
    /// 4.4).
    public var isSourceRouted = false

    @inlinable
    public init(proto: IPProtocol, offset: Int, fragment: IPv6Fragment? = nil) {
        self.proto = proto
        self.offset = offset
        self.fragment = fragment
    }

    /// Whether `offset` is where a header of `proto` starts.
    @inlinable public var isFirstFragment: Bool { fragment?.isFirst ?? true }
}

public enum IPv6Walk: Hashable, Sendable {
    case upperLayer(IPv6UpperLayer)
    /// The bytes or the payload length end within an extension header.
    case truncated
    /// More than `IPv6UpperLayer.extensionCountMax` extension headers.
    case tooManyHeaders
}

extension IPv6Header {
    /// The walk along the extension headers to the upper layer. Without extension headers it costs
    /// one comparison.
    @inlinable public var walk: IPv6Walk {
        switch nextHeader {
        case .tcp, .udp, .icmpv6, .sctp:
            .upperLayer(IPv6UpperLayer(proto: nextHeader, offset: IPv6Offset.payload))
        default: walkExtensions()
        }
    }

    @usableFromInline
    func walkExtensions() -> IPv6Walk {
        let packet = packet
        var layer = IPv6UpperLayer(proto: nextHeader, offset: IPv6Offset.payload)
        for _ in 0..<IPv6UpperLayer.extensionCountMax {
            guard layer.isFirstFragment, layer.proto.isIPv6Extension else {
                return .upperLayer(layer)
            }
            guard Self.step(&layer, over: packet) else { return .truncated }
        }
        let isDone = !layer.isFirstFragment || !layer.proto.isIPv6Extension
        return isDone ? .upperLayer(layer) : .tooManyHeaders
    }

    /// Moves `layer` past the extension header it stands on; false when that one is cut short.
    private static func step(_ layer: inout IPv6UpperLayer, over packet: RawSpan) -> Bool {
        guard packet.byteCount - layer.offset >= 8 else { return false }
        let start = layer.offset
        let length = Int(packet.u8(start + 1))
        let byteCount =
            switch layer.proto {
            case .fragment: 8
            case .authentication: (length + 2) * 4
            default: (length + 1) * 8
            }
        guard packet.byteCount - start >= byteCount else { return false }
        if layer.proto == .routing, packet.u8(start + 3) > 0 { layer.isSourceRouted = true }
        if layer.proto == .fragment {
            let word = packet.u16(start + 2)
            layer.fragment = IPv6Fragment(
                headerOffset: start, offset: Int(word & 0xfff8), more: word & 1 != 0,
                identification: packet.u32(start + 4))
        }
        layer.proto = IPProtocol(rawValue: packet.u8(start))
        layer.offset = start + byteCount
        return true
    }
}

extension IPProtocol {
    /// A header that carries the number of the next one in a place we know.
    var isIPv6Extension: Bool {
        switch self {
        case .hopByHop, .routing, .fragment, .authentication, .destinationOptions: true
        default: false
        }
    }
}

/// The fields of a fragment header.
public struct IPv6FragmentFields: Equatable, Sendable {
    public static let byteCount = 8

    public var nextHeader: IPProtocol
    /// In bytes, a multiple of eight.
    public var offset: Int
    public var more: Bool
    public var identification: UInt32

    public init(nextHeader: IPProtocol, offset: Int, more: Bool, identification: UInt32) {
        self.nextHeader = nextHeader
        self.offset = offset
        self.more = more
        self.identification = identification
    }

    /// Writes the header to the first eight bytes of `bytes`.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        bytes.setU16(0, UInt16(nextHeader.rawValue) << 8)
        bytes.setU16(2, UInt16(truncatingIfNeeded: offset) & 0xfff8 | (more ? 1 : 0))
        bytes.setU32(4, identification)
    }
}
