// An address and its names, for the name resolution block of pcapng: Wireshark then shows
// `web.2` where the packets say 10.0.1.5.

public struct ResolvedName: Equatable, Sendable {
    public var address: Address
    /// At least one. Wireshark shows the last.
    public var names: [String]

    /// In host order: 10.0.1.5 is 0x0a000105.
    public enum Address: Equatable, Sendable {
        case ipv4(UInt32)
        case ipv6(UInt128)
    }

    public init(_ address: Address, names: [String]) {
        self.address = address
        self.names = names
    }

    public init(_ address: Address, _ name: String) {
        self.init(address, names: [name])
    }
}

extension BlockBuilder {
    /// A record of a name resolution block: the address in network order, then the names, each
    /// ended by a zero.
    mutating func append(_ name: ResolvedName) {
        let byteCount = name.names.reduce(0) { $0 + $1.utf8.count + 1 }
        switch name.address {
        case .ipv4(let address):
            beginOption(1, byteCount: 4 + byteCount, what: "name record")
            append(address.byteSwapped)
        case .ipv6(let address):
            beginOption(2, byteCount: 16 + byteCount, what: "name record")
            append(address.byteSwapped)
        }
        for text in name.names { append(zeroEnded: text) }
        pad()
    }
}
