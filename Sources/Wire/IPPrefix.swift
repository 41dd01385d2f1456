// A network as an address and a prefix length, such as 10.0.0.0/24 (RFC 4632; RFC 4291, 2.3).
//
// Invariant: the length fits the family. The address keeps its host bits, as an interface address
// does; `network` is the same prefix without them. IPv4 and IPv6 never overlap.

public struct IPPrefix: Hashable, Sendable {
    public let address: IPAddress
    /// In bits: 0...32 for IPv4, 0...128 for IPv6.
    public let length: Int

    /// Nil when `length` does not fit the family.
    public init?(_ address: IPAddress, length: Int) {
        guard length >= 0, length <= address.bitWidth else { return nil }
        self.address = address
        self.length = length
    }

    /// The same prefix with the host bits cleared.
    public var network: IPPrefix { IPPrefix(checked: lowest, length: length) }

    /// The first address: all host bits zero.
    public var lowest: IPAddress { address.settingHostBits(from: length, to: false) }

    /// The last address: all host bits one.
    public var highest: IPAddress { address.settingHostBits(from: length, to: true) }

    /// The broadcast address; IPv6 has none, nor have point-to-point prefixes (RFC 3021).
    public var broadcast: IPv4Address? {
        guard case .v4(let address) = highest, length < 31 else { return nil }
        return address
    }

    /// Whether `other` lies within the prefix.
    public func contains(_ other: IPAddress) -> Bool {
        other.bitWidth == address.bitWidth
            && other.settingHostBits(from: length, to: false) == lowest
    }

    /// Whether any address lies within both.
    public func overlaps(_ other: IPPrefix) -> Bool {
        length <= other.length ? contains(other.address) : other.contains(address)
    }

    private init(checked address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }
}

extension IPPrefix: CustomStringConvertible {
    /// An address, a slash and a decimal length without leading zeros; nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(parts[0]),
            let length = decimal(Array(parts[1].utf8.prefix(4))[...], max: 128)
        else { return nil }
        self.init(address, length: length)
    }

    public var description: String { "\(address)/\(length)" }
}

extension IPAddress {
    /// 32 or 128.
    public var bitWidth: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The address with every bit from the `length`th on set to `value`.
    func settingHostBits(from length: Int, to value: Bool) -> IPAddress {
        switch self {
        case .v4(let address):
            let mask = UInt32.max << UInt32(32 - length)
            let host = value ? ~mask : 0
            return .v4(IPv4Address(rawValue: address.rawValue & mask | host))
        case .v6(let address):
            let high = UInt64.max << UInt64(max(0, 64 - length))
            let low = UInt64.max << UInt64(min(64, 128 - length))
            return .v6(
                IPv6Address(
                    high: address.high & high | (value ? ~high : 0),
                    low: address.low & low | (value ? ~low : 0)))
        }
    }
}
