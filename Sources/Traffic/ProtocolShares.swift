// Which parts of the flows are TCP, UDP and SCTP, from the shares that somebody named and the defaults.
//
// A share that is named is what the flows get. Those not named divide what is left, in the proportion of
// their defaults and only where a target serves them. Invariant: with any share named, the three make up
// the whole, but for what ratios such as 1/3 lose in millionths.

extension TrafficSpecification {
    /// Sets the shares of the protocols for the targets that are set; nil where none is named.
    public mutating func setShares(tcp: Share?, udp: Share?, sctp: Share?) throws(TrafficError) {
        let named = [tcp, udp, sctp]
        let usual = zip([self.tcp, self.udp, self.sctp], TrafficTarget.Transport.allCases).map {
            share, transport in
            targets.contains { $0.transport == transport } ? share : .none
        }
        var shares = zip(named, usual).map { $0 ?? $1 }
        if named.contains(where: { $0 != nil }) {
            let sum = named.reduce(0) { $0 + Int($1?.partsPerMillion ?? 0) }
            let whole = Int(Share.whole.partsPerMillion)
            guard sum <= whole else { throw .sharesAboveWhole(partsPerMillion: sum) }
            let weights = zip(named, usual).map { $0 == nil ? Int($1.partsPerMillion) : 0 }
            let weight = weights.reduce(0, +)
            guard weight > 0 || whole - sum < named.count else {
                throw .sharesBelowWhole(partsPerMillion: sum)
            }
            for index in named.indices where weights[index] > 0 {
                let parts = UInt32((whole - sum) * weights[index] / weight)
                shares[index] = Share(partsPerMillion: parts) ?? .none
            }
        }
        (self.tcp, self.udp, self.sctp) = (shares[0], shares[1], shares[2])
    }
}
