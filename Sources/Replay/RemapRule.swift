// `--remap 'FILTER=SERVICE:PORT'`: packets that match a filter are aimed at a published port.
//
// The filter is libpcap's, the service is one of the stack, the port is one it publishes. The last
// equals sign divides, since filters have equals signs of their own.

import Capture
import Dataplane
import Mesh
import Wire

public final class RemapRule {
    let filter: PacketFilter
    private let published: [PublishedPort]

    /// Reads a rule.
    public init(_ text: String, _ cluster: Cluster) throws(ReplayError) {
        let target = try RemapTarget(text, cluster)
        published = target.published
        do throws(CaptureFault) {
            filter = try PacketFilter(target.filter, linkType: .ethernet)
        } catch {
            throw .remap(text: text, reason: "\(error)")
        }
    }

    /// The published port for a protocol; nil when the service publishes none for it.
    func port(for proto: IPProtocol) -> Port? {
        published.first { $0.proto == proto }?.published
    }
}

/// The text of a rule, understood but for its filter.
private struct RemapTarget {
    var filter: String
    var published: [PublishedPort]

    init(_ text: String, _ cluster: Cluster) throws(ReplayError) {
        func fail(_ reason: String) -> ReplayError { .remap(text: text, reason: reason) }
        guard let equals = text.lastIndex(of: "=") else {
            throw fail("expected FILTER=SERVICE:PORT, as in 'tcp port 443=web:8080'")
        }
        filter = String(text[..<equals])
        let parts = text[text.index(after: equals)...].split(
            separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = UInt16(parts[1]) else {
            throw fail("expected SERVICE:PORT after '=', as in 'web:8080'")
        }
        guard let service = cluster.service(named: String(parts[0])) else {
            let names = cluster.services.map(\.shortName).joined(separator: ", ")
            throw fail("no service '\(parts[0])' (\(names))")
        }
        published = service.ports.filter {
            $0.mode == .ingress && $0.published.rawValue == number
        }
        guard !published.isEmpty else {
            let ports = service.ports.map { "\($0.published.rawValue)" }.joined(separator: ", ")
            throw fail("service '\(parts[0])' publishes \(ports.isEmpty ? "nothing" : ports)")
        }
    }
}
