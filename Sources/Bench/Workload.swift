// The stack and the trace that are measured when none are given: many small services on four nodes, and
// traffic in both directions to all of them.
//
// Invariant: the same workload gives the same cluster and the same bytes on every machine.

import Capture
import Mesh
import Traffic
import Wire

public struct Workload: Sendable {
    public var nodeCount = 4
    public var serviceCount = 1_000
    public var taskCount = 4
    public var flowCount = 10_000
    public var packetCount = 400_000
    public var seed: UInt64 = 1

    public init() {}

    /// What reports call it.
    public var name: String {
        "generated: \(flowCount) flows to \(serviceCount) services of \(taskCount) tasks, seed \(seed)"
    }

    private static let firstPort = 10_000
    private static let transports: [TrafficTarget.Transport] = [.tcp, .udp, .sctp]

    public func cluster() throws(BenchError) -> Cluster {
        var specification = ClusterSpecification(name: "generated")
        specification.settings.isIPv6Wanted = true
        specification.ingress.v4 = IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 8)
            .map { SubnetSpecification(prefix: $0) }
        specification.nodes = (0..<nodeCount).map { index in
            NodeSpecification(
                name: "node\(index + 1)", vtep: .v4(IPv4Address(198, 51, 100, UInt8(11 + index))),
                addresses: [address4(index), address6(index)])
        }
        specification.services = (0..<serviceCount).map { index in
            var service = ServiceSpecification(name: "service\(index + 1)")
            service.mode = .replicated(taskCount)
            service.ports = Self.transports.map {
                PortSpecification(published: port(index), target: Port(8080), proto: $0.proto)
            }
            return service
        }
        do { return try Cluster.assemble(specification) } catch { throw .mesh(error) }
    }

    /// Writes the trace to a file.
    public func write(to path: String) throws(BenchError) {
        var generator = try generator()
        do throws(CaptureError) {
            var writer = try PcapWriter(path: path, linkType: .ethernet)
            var buffer: [UInt8] = []
            while let frame = generator.next(into: &buffer) {
                try writer.write(
                    timestampNanoseconds: frame.timestampNanoseconds,
                    originalByteCount: frame.byteCount,
                    bytes: buffer.span.raw.extracting(0..<frame.byteCount))
            }
            try writer.close()
        } catch {
            throw .capture(error)
        }
    }

    private func generator() throws(BenchError) -> TrafficGenerator {
        var traffic = TrafficSpecification()
        traffic.seed = seed
        traffic.flowCount = flowCount
        traffic.packetCount = packetCount
        traffic.sizes = .small
        traffic.fragments = Share(percent: 1)
        traffic.isBothDirections = true
        traffic.targets = (0..<nodeCount).flatMap { node in
            (0..<serviceCount).flatMap { service in
                Self.transports.flatMap { transport in
                    [address4(node), address6(node)].compactMap {
                        TrafficTarget(transport, $0, port(service))
                    }
                }
            }
        }
        do { return try TrafficGenerator(traffic) } catch { throw .traffic(error) }
    }

    private func port(_ service: Int) -> Port { Port(UInt16(Self.firstPort + service)) }

    private func address4(_ node: Int) -> IPAddress {
        .v4(IPv4Address(192, 0, 2, UInt8(11 + node)))
    }

    private func address6(_ node: Int) -> IPAddress {
        .v6(IPv6Address(high: 0x2001_0db8_0000_0001, low: UInt64(11 + node)))
    }
}
