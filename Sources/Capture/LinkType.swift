// Link types: what the first byte of a packet is (https://www.tcpdump.org/linktypes.html).
//
// A file numbers them as LINKTYPE_ values; libpcap's interface numbers them as DLT_ values, which
// differ by platform for raw IP. Invariant: a `LinkType` holds the file's number, and `datalink` is
// the only place that translates.

public struct LinkType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let ethernet = LinkType(rawValue: 1)
    public static let rawIP = LinkType(rawValue: 101)
    public static let rawIPv4 = LinkType(rawValue: 228)
    public static let rawIPv6 = LinkType(rawValue: 229)
    public static let linuxCooked = LinkType(rawValue: 113)
    public static let linuxCooked2 = LinkType(rawValue: 276)

    /// DLT_RAW as some systems wrote it to files before LINKTYPE_RAW had a number of its own:
    /// 12 on most, 14 on OpenBSD.
    public static let rawIPHistoric: [LinkType] = [LinkType(rawValue: 12), LinkType(rawValue: 14)]

    /// How the packet begins, as far as Weft tells link types apart.
    public enum Framing: Sendable {
        case ethernet
        /// The packet is an IPv4 or IPv6 packet.
        case rawIP
        /// A Linux cooked header of 16 bytes (SLL), its EtherType at byte 14.
        case linuxCooked
        /// A Linux cooked header of 20 bytes (SLL2), its EtherType at byte 0.
        case linuxCooked2
        case other
    }

    @inlinable public var framing: Framing {
        switch rawValue {
        case 1: .ethernet
        case 12, 14, 101, 228, 229: .rawIP
        case 113: .linuxCooked
        case 276: .linuxCooked2
        default: .other
        }
    }

    /// The number libpcap's interface uses for this link type on Linux.
    var datalink: Int32 {
        switch rawValue {
        case 14, 101: 12
        default: Int32(truncatingIfNeeded: rawValue)
        }
    }

    /// The link type for a number from libpcap's interface.
    init(datalink: Int32) {
        self.init(rawValue: datalink == 12 ? 101 : UInt32(truncatingIfNeeded: datalink))
    }
}

extension LinkType: CustomStringConvertible {
    public var description: String {
        switch rawValue {
        case 1: "ethernet"
        case 12, 14, 101: "raw-ip"
        case 113: "linux-cooked"
        case 228: "raw-ipv4"
        case 229: "raw-ipv6"
        case 276: "linux-cooked-2"
        default: "link-type-\(rawValue)"
        }
    }
}
