// The order of listings: marks, then family, protocol, address and port, each compared by the sign of
// a 32-bit difference, as ipvsadm does. Such differences overflow, so the comparison is not always
// transitive (10.0.0.1 comes after 200.0.0.1), and the result depends on how one sorts: the C
// library's merge sort is done over here.

import Dataplane
import Wire

enum ListingOrder {
    static func sorted(_ services: [ListedService]) -> [ListedService] {
        mergeSorted(services[...]) { compare(Terms($0.rule.key), Terms($1.rule.key)) }
    }

    static func sorted(_ servers: [ListedServer]) -> [ListedServer] {
        mergeSorted(servers[...]) { compareServers($0.rule, $1.rule) }
    }

    /// Halves, the first one the smaller, and of equal elements the first one first.
    private static func mergeSorted<Element>(
        _ elements: ArraySlice<Element>, _ compare: (Element, Element) -> Int32
    ) -> [Element] {
        guard elements.count > 1 else { return Array(elements) }
        let middle = elements.startIndex + elements.count / 2
        var first = mergeSorted(elements[..<middle], compare)[...]
        var second = mergeSorted(elements[middle...], compare)[...]
        var merged: [Element] = []
        while let a = first.first, let b = second.first {
            if compare(a, b) <= 0 {
                merged.append(a)
                first = first.dropFirst()
            } else {
                merged.append(b)
                second = second.dropFirst()
            }
        }
        return merged + first + second
    }

    /// A key as the kernel tells it to ipvsadm.
    private struct Terms {
        var mark: UInt32 = 0
        var family: UInt32
        var proto: UInt32 = 0
        var words: [UInt32] = []
        var port: UInt32 = 0

        init(_ key: VirtualServerKey) {
            family = key.isIPv4 ? 2 : 10
            switch key {
            case .mark(let mark, _): self.mark = mark
            case .address(let address, let port, let proto):
                self.proto = UInt32(proto.rawValue)
                words = address.words
                self.port = UInt32(port.rawValue)
            }
        }
    }

    private static func compare(_ a: Terms, _ b: Terms) -> Int32 {
        let left = [a.mark, a.family, a.proto] + a.words + [a.port]
        let right = [b.mark, b.family, b.proto] + b.words + [b.port]
        return firstDifference(left, right)
    }

    /// Goes by the family of `a`: of an IPv6 address only the first word is looked at beside an IPv4
    /// one, and an IPv4 address has three words of zero beside an IPv6 one.
    private static func compareServers(_ a: RealServerRule, _ b: RealServerRule) -> Int32 {
        let count = a.address.words.count
        let zeros = [UInt32](repeating: 0, count: 4)
        let left = a.address.words + [UInt32(a.port.rawValue)]
        let right = (b.address.words + zeros).prefix(count) + [UInt32(b.port.rawValue)]
        return firstDifference(left, Array(right))
    }

    private static func firstDifference(_ a: [UInt32], _ b: [UInt32]) -> Int32 {
        for (left, right) in zip(a, b) where left != right {
            return Int32(truncatingIfNeeded: left &- right)
        }
        return 0
    }
}

extension IPAddress {
    /// 32 bits each, the first one first.
    fileprivate var words: [UInt32] {
        switch self {
        case .v4(let address): [address.rawValue]
        case .v6(let address):
            [address.high >> 32, address.high, address.low >> 32, address.low]
                .map { UInt32(truncatingIfNeeded: $0) }
        }
    }
}
