// What the stages share while one node judges one list of frames: the bytes, the frames, the
// counters, the time.
//
// It borrows all of them for the length of the call, so a stage reaches a frame's bytes or a counter
// with one bounds check, and nothing counts references. Invariant: what a stage changes lies inside
// the frame it was given, its headroom included, or inside bytes it reserved.

import Wire

struct Work: ~Copyable, ~Escapable {
    var bytes: MutableRawSpan
    private(set) var usedByteCount: Int
    var frames: MutableSpan<Frame>
    private(set) var frameCount: Int
    /// By `VirtualServiceIndex`.
    var services: MutableSpan<FlowTraffic>
    /// By `EndpointIndex`.
    var endpoints: MutableSpan<FlowTraffic>
    /// The records of the flow tables.
    var flows4: MutableSpan<FlowRecord<IPv4Address>>
    var flows6: MutableSpan<FlowRecord<IPv6Address>>
    /// What the short way has seen of the stretch that it is at.
    var sights4: MutableSpan<Sight<IPv4Address>>
    var sights6: MutableSpan<Sight<IPv6Address>>
    /// Nanoseconds on the caller's clock.
    let now: UInt64
    let seconds: UInt32

    @_lifetime(
        copy bytes, copy frames, copy services, copy endpoints, copy flows4, copy flows6,
        copy sights4, copy sights6)
    init(
        bytes: consuming MutableRawSpan, used: Int, frames: consuming MutableSpan<Frame>,
        count: Int, services: consuming MutableSpan<FlowTraffic>,
        endpoints: consuming MutableSpan<FlowTraffic>,
        flows4: consuming MutableSpan<FlowRecord<IPv4Address>>,
        flows6: consuming MutableSpan<FlowRecord<IPv6Address>>,
        sights4: consuming MutableSpan<Sight<IPv4Address>>,
        sights6: consuming MutableSpan<Sight<IPv6Address>>, now: UInt64
    ) {
        self.bytes = bytes
        usedByteCount = used
        self.frames = frames
        frameCount = count
        self.services = services
        self.endpoints = endpoints
        self.flows4 = flows4
        self.flows6 = flows6
        self.sights4 = sights4
        self.sights6 = sights6
        self.now = now
        seconds = Self.seconds(now)
    }

    static func seconds(_ nanoseconds: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: nanoseconds / 1_000_000_000)
    }

    /// Frames that still fit.
    var freeFrameCount: Int { frames.count &- frameCount }
    var freeByteCount: Int { bytes.byteCount &- usedByteCount }

    /// Adds a frame; there must be room.
    mutating func append(_ frame: Frame) {
        frames[frameCount] = frame
        frameCount &+= 1
    }

    /// The frame's bytes, to read.
    @inline(__always)
    @_lifetime(borrow self)
    func bytes(of frame: Frame) -> RawSpan { bytes.bytes.extracting(frame.range) }

    /// The frame's bytes, to change.
    @inline(__always)
    @_lifetime(&self)
    mutating func mutableBytes(of frame: Frame) -> MutableRawSpan {
        bytes._mutatingExtracting(frame.range)
    }

    /// Sets bytes aside for a frame; nil when they do not fit.
    mutating func reserve(_ byteCount: Int) -> Int? {
        FrameArena.reserve(byteCount, of: bytes.byteCount, &usedByteCount)
    }

    /// Copies a frame from elsewhere; nil when it does not fit.
    mutating func copy(_ source: RawSpan) -> Int? {
        guard let offset = reserve(source.byteCount) else { return nil }
        bytes.copy(source, at: offset)
        return offset
    }

    /// Copies bytes from elsewhere to a place that was set aside.
    mutating func put(_ source: RawSpan, at offset: Int) { bytes.copy(source, at: offset) }

    /// Copies bytes from one place of the arena to another.
    mutating func copyBytes(from source: Int, count: Int, to target: Int) {
        bytes.move(count, from: source, to: target)
    }

    /// Sets the Ethernet addresses of a frame.
    @inline(__always)
    mutating func readdress(_ frame: Frame, source: MACAddress, destination: MACAddress) {
        var bytes = mutableBytes(of: frame)
        guard var ethernet = MutableEthernetHeader(&bytes) else { return }
        ethernet.setSource(source)
        ethernet.setDestination(destination)
    }
}
