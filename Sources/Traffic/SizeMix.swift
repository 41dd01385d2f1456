// How large frames are: sizes with weights, drawn for every packet that carries data.
//
// A size counts the Ethernet frame as a capture holds it, without the frame check sequence. Invariant:
// at least one size, none of zero weight. A packet is never cut below its headers and some data, nor
// made larger than the trace's largest packet, so a drawn size is a wish.

public struct SizeMix: Hashable, Sendable {
    public struct Size: Hashable, Sendable {
        public var byteCount: Int
        public var weight: Int
    }

    /// The simple Internet mix, 7:4:1; RFC 6985 is on such mixes.
    public static let imix = SizeMix(checked: [(64, 7), (570, 4), (1500, 1)])
    public static let small = SizeMix(checked: [(64, 1)])
    public static let large = SizeMix(checked: [(1514, 1)])

    public let sizes: [Size]

    /// Nil without a size, with too many, or with one that is not positive or has no weight.
    public init?(_ sizes: [Size]) {
        let byteCounts = 1...TrafficLimits.frameByteCountMax
        let weights = 1...TrafficLimits.weightMax
        guard (1...TrafficLimits.sizeCountMax).contains(sizes.count),
            sizes.allSatisfy({ byteCounts ~= $0.byteCount && weights ~= $0.weight })
        else { return nil }
        self.sizes = sizes
    }

    private init(checked sizes: [(byteCount: Int, weight: Int)]) {
        self.sizes = sizes.map { Size(byteCount: $0.byteCount, weight: $0.weight) }
    }

    var totalWeight: Int { sizes.reduce(0) { $0 + $1.weight } }

    /// The size that `position`, below `totalWeight`, falls on.
    func byteCount(at position: Int) -> Int {
        var left = position
        for size in sizes {
            if left < size.weight { return size.byteCount }
            left -= size.weight
        }
        return sizes.last?.byteCount ?? 0
    }
}

extension SizeMix: CustomStringConvertible {
    /// `imix`, `small`, `large`, or sizes such as `64:7,570:4,1500:1`, a size alone weighing 1.
    public init?(_ text: some StringProtocol) {
        switch text {
        case "imix": self = .imix
        case "small": self = .small
        case "large": self = .large
        default:
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let sizes = parts.prefix(TrafficLimits.sizeCountMax + 1).compactMap {
                Self.size(String($0))
            }
            guard sizes.count == parts.count else { return nil }
            self.init(sizes)
        }
    }

    private static func size(_ text: String) -> Size? {
        let terms = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let first = terms.first, let byteCount = scaledDecimal(first, decimals: 0),
            terms.count <= 2,
            let weight = terms.count == 1 ? 1 : scaledDecimal(terms[1], decimals: 0)
        else { return nil }
        return Size(byteCount: Int(byteCount), weight: Int(weight))
    }

    public var description: String {
        switch self {
        case .imix: "imix"
        case .small: "small"
        case .large: "large"
        default: sizes.map { "\($0.byteCount):\($0.weight)" }.joined(separator: ",")
        }
    }
}
