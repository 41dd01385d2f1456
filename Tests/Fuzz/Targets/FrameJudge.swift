// Watches frames leave the nodes of a fuzzed mesh, and complains about what no node may do: leave a
// frame unjudged, send one whose headers contradict each other, or deliver one whose checksums are
// worse or better than those of the frame that came in.

import Dataplane
import Replay
import Wire

struct FrameJudge: FrameObserver {
    private(set) var complaint: String?
    private(set) var lastDelivered: DeliveredFrame?
    /// By frame id: the soundness of what was fed, where the frame was all there.
    private var fed: [Soundness?] = []
    /// Whether a wrong checksum may be made right, as some rewrites of a kernel do.
    private let mayMend: Bool

    init(mayMend: Bool = false) { self.mayMend = mayMend }

    mutating func complain(_ text: String) { complaint = text }

    var isWatching: Bool { true }

    /// Enters a frame about to be fed, and numbers it.
    mutating func register(_ bytes: [UInt8], isWhole: Bool) -> UInt64 {
        // What comes out of a tunnel is another packet than the one that went in.
        let isComparable = isWhole && !isTunnel(bytes)
        fed.append(isComparable ? Soundness(frame: bytes.span.raw) : nil)
        return UInt64(fed.count - 1)
    }

    private func isTunnel(_ bytes: [UInt8]) -> Bool {
        guard let link = LinkHeader(bytes.span.raw) else { return false }
        let udp: RawSpan
        if let ip = IPv4Header(link.payload) {
            udp = ip.payload
        } else if let ip = IPv6Header(link.payload), case .upperLayer(let upper) = ip.walk {
            udp = ip.packet.from(upper.offset)
        } else {
            return false
        }
        return TransportPorts(udp)?.destination == VXLANFields.port
    }

    mutating func arriving(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {}

    mutating func judged(
        at node: NodeIndex, _ frames: borrowing FrameList, _ arena: borrowing FrameArena
    ) {
        for index in 0..<frames.count {
            let frame = frames[index]
            judge(frame, arena.bytes(of: frame), at: node)
        }
    }

    private mutating func judge(_ frame: Frame, _ bytes: RawSpan, at node: NodeIndex) {
        switch frame.verdict {
        case .pending: complaint = "a frame is left without a verdict"
        case .consumed, .dropped, .held: break
        case .transmitted(.underlay): judgeTunnel(frame, bytes)
        case .transmitted(.clients), .transmitted(.link): judgeContent(frame, bytes)
        case .delivered(let endpoint):
            judgeContent(frame, bytes)
            lastDelivered = DeliveredFrame(bytes, to: endpoint, at: node)
        }
    }

    /// What goes between nodes is wrapped, and every length in the wrapping is the frame's.
    private mutating func judgeTunnel(_ frame: Frame, _ bytes: RawSpan) {
        guard let link = LinkHeader(bytes), let ip = IPv4Header(link.payload),
            let udp = UDPHeader(ip.payload), VXLANHeader(udp.payload) != nil
        else {
            complaint = "what goes to another node is not VXLAN"
            return
        }
        let byteCount = frame.wireByteCount - link.byteCount
        let isConsistent =
            ip.isChecksumValid && ip.totalByteCount == byteCount
            && udp.totalByteCount == byteCount - ip.headerByteCount
        if !isConsistent { complaint = "the tunnel's headers contradict each other" }
    }

    private mutating func judgeContent(_ frame: Frame, _ bytes: RawSpan) {
        let soundness = Soundness(frame: bytes)
        if soundness.header == false { complaint = "an IPv4 header leaves with a wrong checksum" }
        guard frame.wireByteCount == frame.byteCount else { return }
        if frame.isGenerated {
            if soundness.transport == false { complaint = "a node makes a wrong checksum" }
        } else if let before = fed[Int(frame.id)],
            let was = before.transport, let now = soundness.transport, was != now, was || !mayMend
        {
            complaint = "a checksum that was \(was ? "right" : "wrong") is no longer so"
        }
    }
}

extension Soundness {
    init(frame bytes: RawSpan) {
        guard let link = LinkHeader(bytes), link.etherType == .ipv4 || link.etherType == .ipv6
        else {
            self.init(packet: bytes.extracting(0..<0))
            return
        }
        self.init(packet: link.payload)
    }
}

/// A frame that reached its task, and what the task would send back.
struct DeliveredFrame {
    private var bytes: [UInt8]
    private var endpoint: EndpointIndex
    private var node: NodeIndex

    init(_ bytes: RawSpan, to endpoint: EndpointIndex, at node: NodeIndex) {
        self.bytes = (0..<bytes.byteCount).map { bytes.u8($0) }
        self.endpoint = endpoint
        self.node = node
    }

    /// The same frame the other way round. Checksums stay: they do not see the order of words.
    var answer: (bytes: [UInt8], endpoint: EndpointIndex, node: NodeIndex)? {
        guard let link = LinkHeader(bytes.span.raw) else { return nil }
        let start = link.byteCount
        var reply = bytes
        reply.exchange(0, 6, byteCount: 6)
        if let ip = IPv4Header(link.payload) {
            reply.exchange(start + 12, start + 16, byteCount: 4)
            let ports = start + ip.headerByteCount
            if ip.proto.hasPorts { reply.exchange(ports, ports + 2, byteCount: 2) }
        } else if let ip = IPv6Header(link.payload), case .upperLayer(let upper) = ip.walk {
            reply.exchange(start + 8, start + 24, byteCount: 16)
            let ports = start + upper.offset
            if upper.proto.hasPorts { reply.exchange(ports, ports + 2, byteCount: 2) }
        } else {
            return nil
        }
        return (reply, endpoint, node)
    }
}

extension [UInt8] {
    fileprivate mutating func exchange(_ first: Int, _ second: Int, byteCount: Int) {
        guard second + byteCount <= count else { return }
        for index in 0..<byteCount { swapAt(first + index, second + index) }
    }
}
