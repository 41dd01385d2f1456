// What makes packets one flow: the protocol, the client's address and port, and the service port
// they were sent to. The address they were sent to is not part of it, so whichever node a packet
// enters, every node computes the same hash and chooses the same task.
//
// Invariant: equal keys hash alike on every node that shares the cluster's key, and the hash covers
// every field. IPv4 addresses are held as IPv4-mapped IPv6 ones (RFC 4291, section 2.5.5.2).

import Wire

public struct FlowKey: Hashable, Sendable {
    public var client: IPv6Address
    public var clientPort: Port
    public var servicePort: Port
    public var proto: IPProtocol

    @inlinable
    public init(client: IPv6Address, clientPort: Port, servicePort: Port, proto: IPProtocol) {
        self.client = client
        self.clientPort = clientPort
        self.servicePort = servicePort
        self.proto = proto
    }

    /// The flow hash: SipHash-1-3 of 9 bytes for IPv4, 21 for IPv6.
    @inlinable @inline(__always)
    public func hash(_ key: HashKey) -> UInt64 { hash(SipHash(key)) }

    /// The flow hash from a state that has taken in the key and nothing else.
    @inlinable @inline(__always)
    func hash(_ keyed: SipHash) -> UInt64 {
        let ports = UInt64(clientPort.rawValue) | UInt64(servicePort.rawValue) << 16
        var hash = keyed
        if client.isIPv4Mapped {
            hash.absorb(ports | (client.low & 0xffff_ffff) << 32)
            return hash.finish(tail: UInt64(proto.rawValue), byteCount: 9)
        }
        hash.absorb(client.high)
        hash.absorb(client.low)
        return hash.finish(tail: ports | UInt64(proto.rawValue) << 32, byteCount: 21)
    }
}

extension IPv6Address {
    /// The IPv4-mapped form, in which the data plane holds addresses of both families.
    @inlinable
    public init(mapped address: IPv4Address) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(address.rawValue))
    }

    /// Either family in one form.
    @inlinable
    public init(_ address: IPAddress) {
        switch address {
        case .v4(let address): self.init(mapped: address)
        case .v6(let address): self = address
        }
    }

    @inlinable public var isIPv4Mapped: Bool { high == 0 && low >> 32 == 0xffff }

    /// The IPv4 address of a mapped one.
    @inlinable public var mappedIPv4: IPv4Address {
        IPv4Address(rawValue: UInt32(truncatingIfNeeded: low))
    }

    /// Back in the form that headers carry.
    @inlinable public var unmapped: IPAddress { isIPv4Mapped ? .v4(mappedIPv4) : .v6(self) }
}
