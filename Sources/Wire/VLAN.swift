// VLAN tags (IEEE 802.1Q and 802.1ad, and the older 0x9100) and the walk from the start of a frame
// over at most two of them to the network layer.
//
// Invariant: a `LinkHeader` exists only when every byte it passed over is there, and `byteCount` is
// then where the network header starts. A frame with more tags than `tagCountMax` is still a view,
// but its `etherType` stays a tag's (`isTag`), which no network layer answers to.

/// One tag: what kind it is and the control information it carries.
public struct VLANTag: Hashable, Sendable {
    public static let byteCount = 4

    /// The type that announced the tag: 0x8100, 0x88a8 or 0x9100.
    public var tpid: EtherType
    /// Priority, 0...7.
    public var pcp: UInt8
    /// Whether the frame may be dropped first.
    public var dei: Bool
    /// The VLAN, 0...4095.
    public var vid: UInt16

    /// `pcp` is cut to three bits and `vid` to twelve.
    @inlinable
    public init(tpid: EtherType = .vlan, pcp: UInt8 = 0, dei: Bool = false, vid: UInt16) {
        self.tpid = tpid
        self.pcp = pcp & 7
        self.dei = dei
        self.vid = vid & 0xfff
    }

    /// The tag whose control information is `control`.
    @inlinable
    public init(tpid: EtherType, control: UInt16) {
        let pcp = UInt8(truncatingIfNeeded: control >> 13)
        self.init(tpid: tpid, pcp: pcp, dei: control & 0x1000 != 0, vid: control)
    }

    /// Priority, drop eligibility and VLAN as they stand on the wire.
    @inlinable public var control: UInt16 {
        UInt16(pcp) << 13 | (dei ? 0x1000 : 0) | vid
    }

    /// Writes the control information and the type that follows to the first four bytes of `bytes`;
    /// the tag's own type stands before them, in the header that it follows.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan, followedBy etherType: EtherType) {
        bytes.setU16(0, control)
        bytes.setU16(2, etherType.rawValue)
    }
}

/// A read-only view of an Ethernet header with its tags.
public struct LinkHeader: ~Escapable {
    /// Two: a customer's tag inside a provider's, as 802.1ad stacks them. More could only be there
    /// to lengthen the walk.
    public static let tagCountMax = 2

    @usableFromInline let bytes: RawSpan
    public let tagCount: Int
    /// Of the network layer; a tag's type when the frame has more than `tagCountMax` of them.
    public let etherType: EtherType

    /// Nil when the Ethernet header or one of the first two tags is cut short.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard
            let walk = TagWalk(
                bytes, typeOffset: EthernetOffset.etherType, end: EthernetOffset.payload)
        else { return nil }
        self.bytes = bytes
        tagCount = walk.tagCount
        etherType = walk.etherType
    }

    /// Length of header and tags: where the network header starts.
    @inlinable public var byteCount: Int {
        EthernetOffset.payload &+ tagCount &* VLANTag.byteCount
    }
    @inlinable public var destination: MACAddress { bytes.mac(EthernetOffset.destination) }
    @inlinable public var source: MACAddress { bytes.mac(EthernetOffset.source) }

    /// The tag at `index`, 0 being the outermost; nil from `tagCount` on.
    @inlinable public func tag(_ index: Int) -> VLANTag? {
        guard index >= 0, index < tagCount else { return nil }
        let offset = EthernetOffset.etherType &+ index &* VLANTag.byteCount
        let tpid = EtherType(rawValue: bytes.u16(offset))
        return VLANTag(tpid: tpid, control: bytes.u16(offset &+ 2))
    }

    /// What follows the last tag counted.
    @inlinable public var payload: RawSpan {
        @_lifetime(copy self)
        @inline(__always) get { bytes.from(byteCount) }
    }
}

/// The walk over tags, shared by every link type: the type at `typeOffset` tells what stands at
/// `end`, and each tag brings the type of what follows it.
@usableFromInline struct TagWalk {
    @usableFromInline var tagCount = 0
    @usableFromInline var etherType: EtherType

    /// Nil when the link header, `end` bytes long, or a tag is cut short.
    @inlinable
    init?(_ bytes: RawSpan, typeOffset: Int, end: Int) {
        var end = end
        guard bytes.byteCount >= end else { return nil }
        etherType = EtherType(rawValue: bytes.u16(typeOffset))
        while etherType.isTag, tagCount < LinkHeader.tagCountMax {
            end &+= VLANTag.byteCount
            guard bytes.byteCount >= end else { return nil }
            etherType = EtherType(rawValue: bytes.u16(end &- 2))
            tagCount &+= 1
        }
    }
}
