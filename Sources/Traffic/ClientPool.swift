// Where flows come from: every opening gets an address and port that no other opening has.
//
// The serial number of the opening goes through a permutation of the pool (odd multiplications and
// exclusive-or shifts, both of which can be undone, modulo a power of two), so clients look drawn at
// random and yet, invariant, never repeat before the pool is used up.

import Wire

/// A client's end of a flow.
struct ClientEndpoint {
    /// The bits of the address after the pool's prefix.
    var host: UInt64
    var port: Port
}

struct ClientPool {
    /// Ports from 49152 on, the dynamic ones (RFC 6335, section 6).
    private static let portBits: UInt64 = 14
    private static let firstPort: UInt16 = 0xc000
    /// As many as anyone needs; of an IPv6 prefix the rest of the bits stay as they are.
    private static let hostBitsMax = 32

    private let hostBits: UInt64
    private let multipliers: [UInt64]
    private var serial: UInt64 = 0

    /// Throws when the prefix does not exist or has too few endpoints for `flowCount` flows.
    init(
        _ address: IPAddress, length: Int, flowCount: Int, random: inout RandomSource
    ) throws(TrafficError) {
        guard let prefix = IPPrefix(address, length: length) else {
            throw .clientsPrefix(length: length)
        }
        hostBits = UInt64(min(Self.hostBitsMax, prefix.address.bitWidth - prefix.length))
        multipliers = (0..<3).map { _ in random.next() | 1 }
        guard capacity >= UInt64(flowCount) else {
            throw .tooFewClients(
                prefix: prefix.description, endpointCount: capacity, flowCount: flowCount)
        }
    }

    /// How many endpoints there are.
    var capacity: UInt64 {
        ((1 << hostBits) - (hasReservedHosts ? 2 : 0)) << Self.portBits
    }

    /// The bits of an address that name a client.
    var hostMask: UInt64 { 1 << hostBits - 1 }

    /// The next opening's end.
    mutating func next() -> ClientEndpoint {
        var value = permuted()
        while hasReservedHosts, isReserved(value >> Self.portBits) { value = permuted() }
        let port = Self.firstPort | UInt16(truncatingIfNeeded: value & (1 << Self.portBits - 1))
        return ClientEndpoint(host: value >> Self.portBits, port: Port(port))
    }

    /// Network and broadcast address, and of IPv6 the anycast address (RFC 4291, section 2.6.1).
    private var hasReservedHosts: Bool { hostBits >= 2 }

    private func isReserved(_ host: UInt64) -> Bool {
        host == 0 || host == 1 << hostBits - 1
    }

    private mutating func permuted() -> UInt64 {
        let bits = hostBits + Self.portBits
        let mask: UInt64 = 1 << bits - 1
        var value = serial & mask
        serial &+= 1
        for multiplier in multipliers {
            value = value &* multiplier & mask
            value ^= value >> (bits / 2)
        }
        return value
    }
}
