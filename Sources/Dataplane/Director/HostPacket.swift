// What a director knows of a packet after one look at its IP header: what a Linux host would know
// before its netfilter hooks. Unlike `Packet`, it also stands for packets that no service takes and
// the host only routes; ports are read from the bytes where a protocol has them.
//
// Invariant: offsets are from the start of the frame and lie within the IP packet.

import Wire

struct HostPacket {
    enum Fragment {
        case none, first, later
    }

    /// Of the IP header.
    var network = 0
    /// Of the transport header: behind IPv4 options or the IPv6 extension headers.
    var transport = 0
    /// Of the first byte after the IP packet.
    var end = 0
    var isIPv4 = true
    var proto = IPProtocol.tcp
    var hopLimit: UInt8 = 0
    var trafficClass: UInt8 = 0
    var dontFragment = false
    /// Of what its sender shall hear is wrong with the IPv6 hop-by-hop options, from the IP header; 0 for
    /// nothing. It is an option that is not known, or a value in one that is.
    var optionProblem = 0
    var isOptionUnknown = true
    /// Of the address that was entered in a record route option; 0 where there is none.
    var recordedRoute = 0
    /// Of the time that was entered in a timestamp option; 0 where there is none.
    var recordedTime = 0
    /// Set only until the packet was put together again.
    var fragment = Fragment.none
    var identification: UInt32 = 0
    /// Put together from fragments, the largest of which had this many bytes; 0 otherwise.
    var fragmentByteCountMax = 0
    /// How many those were, if `HostTables.pieces` says how long each was; 0 otherwise.
    var pieceCount = 0
    /// The data of all of them together.
    var piecesByteCount = 0
    /// What it is cut into again may not be cut further: its largest fragment said so.
    var piecesKeepDontFragment = false
    /// Of the IPv6 fragment header, an atomic fragment's too; 0 where there is none.
    var fragmentHeader = 0
    /// In the mapped form.
    var source = IPv6Address(high: 0, low: 0)
    var destination = IPv6Address(high: 0, low: 0)
    /// By the first mark rule that fits; 0 is no mark.
    var mark: UInt32 = 0
    /// The destination is an address of the host, or a mark rule claims the packet for it.
    var isForHost = false

    /// Length of the IP packet.
    var byteCount: Int { end &- network }
}

/// The two ends of a connection as a forwarding method needs them. Addresses in the mapped form.
struct ConnectionView {
    var client: IPv6Address
    var clientPort: Port
    var virtual: IPv6Address
    var virtualPort: Port
    /// The real server, or where the packet was going anyway in a connection that bypasses.
    var server: IPv6Address
    var serverPort: Port
    var proto: IPProtocol
    var method: ConnectionMethod
}

/// How the packets of one connection are forwarded: as its real server says, or around all of them.
enum ConnectionMethod: Hashable {
    case server(ForwardingMethod)
    /// Towards the original destination: no server was there, and `cache_bypass` is set.
    case bypass
}
