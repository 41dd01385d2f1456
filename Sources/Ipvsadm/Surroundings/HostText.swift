// The host that a director runs on, from what a command line says: `name=eth0,mtu=1400,
// address=10.1.0.1/16` for each link, and addresses of its own. What is not said is made up from the
// rules: one link with every virtual address on it, over which packets come and go.

import Dataplane
import Wire

extension DirectorLink {
    static let mtuRange = 68...65_535

    /// `position` gives a name to a link without one: eth0, eth1.
    public init(text: String, position: Int) throws(SurroundingsError) {
        self.init(name: "eth\(position)", mtu: 1_500, prefixes: [])
        for part in text.split(separator: ",") {
            let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            switch (words[0], words.count > 1 ? words[1] : "") {
            case ("name", let name) where !name.isEmpty: self.name = String(name)
            case ("mtu", let number):
                guard let mtu = Int(number), Self.mtuRange.contains(mtu) else {
                    throw SurroundingsError(
                        "link `\(text)': the MTU is \(Self.mtuRange.lowerBound) to "
                            + "\(Self.mtuRange.upperBound)")
                }
                self.mtu = mtu
            case ("address", let prefix):
                guard let prefix = IPPrefix(prefix) else {
                    throw SurroundingsError(
                        "link `\(text)': `\(prefix)' is no address with a prefix length")
                }
                prefixes.append(prefix)
            default:
                throw SurroundingsError(
                    "link `\(text)': `\(part)' is none of name=NAME, mtu=BYTES, "
                        + "address=ADDRESS/LENGTH")
            }
        }
    }
}

extension DirectorHost {
    /// A host for `rules` with the links and addresses that are given, and with every virtual
    /// address of the rules.
    public init(
        links texts: [String], addresses: [String], for rules: DirectorRules
    ) throws(SurroundingsError) {
        var own = rules.virtualAddresses
        for text in addresses {
            guard let address = IPAddress(text) else {
                throw SurroundingsError("address `\(text)': no IP address")
            }
            own.append(address)
        }
        var links: [DirectorLink] = []
        for (position, text) in texts.enumerated() {
            links.append(try DirectorLink(text: text, position: position))
        }
        guard links.count <= Int(UInt8.max) else { throw SurroundingsError("too many links") }
        if links.isEmpty {
            let prefixes = own.compactMap { IPPrefix($0, length: $0.bitWidth) }
            links = [DirectorLink(name: "eth0", mtu: 1_500, prefixes: prefixes)]
        }
        self.init(links: links, ownAddresses: own)
    }
}

extension DirectorRules {
    /// Of services by address, in the order of the rules, each once.
    fileprivate var virtualAddresses: [IPAddress] {
        var seen: Set<IPAddress> = []
        return ListedService.all(of: self).compactMap { service in
            guard case .address(let address, _, _) = service.rule.key,
                seen.insert(address).inserted
            else { return nil }
            return address
        }
    }
}
