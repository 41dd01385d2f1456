// ARP for IPv4 over Ethernet (RFC 826).
//
// Invariant: a view exists only over a whole message whose types and lengths are those of Ethernet
// and IPv4; any other pair of address families is not ours to answer and reads as nil.

/// Field offsets in bytes from the start of the message.
@usableFromInline enum ARPOffset {
    @usableFromInline static var hardwareType: Int { 0 }
    @usableFromInline static var protocolType: Int { 2 }
    @usableFromInline static var lengths: Int { 4 }
    @usableFromInline static var operation: Int { 6 }
    @usableFromInline static var senderMAC: Int { 8 }
    @usableFromInline static var senderAddress: Int { 14 }
    @usableFromInline static var targetMAC: Int { 18 }
    @usableFromInline static var targetAddress: Int { 24 }
    @usableFromInline static var end: Int { 28 }
}

/// What an ARP message asks or says (RFC 826, IANA arp-parameters).
public struct ARPOperation: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt16

    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

    @inlinable public static var request: Self { Self(rawValue: 1) }
    @inlinable public static var reply: Self { Self(rawValue: 2) }
}

/// A read-only view of an ARP message.
public struct ARPHeader: ~Escapable {
    @usableFromInline let bytes: RawSpan

    /// Nil unless `bytes` starts with a whole message of Ethernet (1) and IPv4 addresses.
    @inlinable @inline(__always)
    @_lifetime(copy bytes)
    public init?(_ bytes: RawSpan) {
        guard bytes.byteCount >= ARPOffset.end, bytes.u16(ARPOffset.hardwareType) == 1,
            bytes.u16(ARPOffset.protocolType) == EtherType.ipv4.rawValue,
            bytes.u16(ARPOffset.lengths) == 0x0604
        else { return nil }
        self.bytes = bytes
    }

    @inlinable public var operation: ARPOperation {
        ARPOperation(rawValue: bytes.u16(ARPOffset.operation))
    }
    @inlinable public var senderMAC: MACAddress { bytes.mac(ARPOffset.senderMAC) }
    @inlinable public var senderAddress: IPv4Address {
        IPv4Address(rawValue: bytes.u32(ARPOffset.senderAddress))
    }
    @inlinable public var targetMAC: MACAddress { bytes.mac(ARPOffset.targetMAC) }
    @inlinable public var targetAddress: IPv4Address {
        IPv4Address(rawValue: bytes.u32(ARPOffset.targetAddress))
    }
}

/// A view that can turn a request into its answer in place.
public struct MutableARPHeader: ~Copyable, ~Escapable {
    @usableFromInline var bytes: MutableRawSpan

    /// Nil in the same cases as `ARPHeader`; the message starts at `offset` of `bytes`.
    @inlinable @inline(__always)
    @_lifetime(&bytes)
    public init?(_ bytes: inout MutableRawSpan, at offset: Int = 0) {
        guard ARPHeader(bytes.bytes.from(offset)) != nil else { return nil }
        self.bytes = bytes.tail(from: offset)
    }

    /// The same message, to read.
    @inlinable public var header: ARPHeader? {
        @_lifetime(borrow self)
        get { ARPHeader(bytes.bytes) }
    }

    @inlinable @inline(__always)
    public mutating func setOperation(_ operation: ARPOperation) {
        bytes.setU16(ARPOffset.operation, operation.rawValue)
    }

    @inlinable @inline(__always)
    public mutating func setSender(_ mac: MACAddress, _ address: IPv4Address) {
        bytes.setMAC(ARPOffset.senderMAC, mac)
        bytes.setU32(ARPOffset.senderAddress, address.rawValue)
    }

    @inlinable @inline(__always)
    public mutating func setTarget(_ mac: MACAddress, _ address: IPv4Address) {
        bytes.setMAC(ARPOffset.targetMAC, mac)
        bytes.setU32(ARPOffset.targetAddress, address.rawValue)
    }
}

/// The fields of an ARP message.
public struct ARPFields: Equatable, Sendable {
    public static let byteCount = 28

    public var operation: ARPOperation
    public var senderMAC: MACAddress
    public var senderAddress: IPv4Address
    public var targetMAC: MACAddress
    public var targetAddress: IPv4Address

    public init(
        operation: ARPOperation, senderMAC: MACAddress, senderAddress: IPv4Address,
        targetMAC: MACAddress, targetAddress: IPv4Address
    ) {
        self.operation = operation
        self.senderMAC = senderMAC
        self.senderAddress = senderAddress
        self.targetMAC = targetMAC
        self.targetAddress = targetAddress
    }

    /// The answer to `request`: `mac` has the address that was asked for.
    public init(answering request: ARPHeader, with mac: MACAddress) {
        self.init(
            operation: .reply, senderMAC: mac, senderAddress: request.targetAddress,
            targetMAC: request.senderMAC, targetAddress: request.senderAddress)
    }

    /// Writes the message to the first 28 bytes of `bytes`.
    @_lifetime(bytes: copy bytes)
    public func write(to bytes: inout MutableRawSpan) {
        bytes.setU16(ARPOffset.hardwareType, 1)
        bytes.setU16(ARPOffset.protocolType, EtherType.ipv4.rawValue)
        bytes.setU16(ARPOffset.lengths, 0x0604)
        bytes.setU16(ARPOffset.operation, operation.rawValue)
        bytes.setMAC(ARPOffset.senderMAC, senderMAC)
        bytes.setU32(ARPOffset.senderAddress, senderAddress.rawValue)
        bytes.setMAC(ARPOffset.targetMAC, targetMAC)
        bytes.setU32(ARPOffset.targetAddress, targetAddress.rawValue)
    }
}
