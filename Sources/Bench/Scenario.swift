// A mesh of two nodes made to measure: clients' packets enter at one, which has no task, and every task
// is on the other. So each half of the work is a call for full batches, whatever else is varied.
//
// Invariant: flow `i` is one and the same for ever: its addresses, ports and service follow from its
// number alone, and no two flows share a client's address and port.

import Dataplane
import Mesh
import Wire

public struct Scenario: Equatable, Sendable {
    public var serviceCount = 1_000
    public var taskCount = 4
    public var flowCount = 10_000
    /// Of the Ethernet frame as a capture holds it.
    public var frameByteCount = 64

    public init(
        serviceCount: Int = 1_000, taskCount: Int = 4, flowCount: Int = 10_000,
        frameByteCount: Int = 64
    ) {
        self.serviceCount = serviceCount
        self.taskCount = taskCount
        self.flowCount = flowCount
        self.frameByteCount = frameByteCount
    }

    static let entryAddress = IPv4Address(192, 0, 2, 11)
    private static let firstPort = 10_000
    private static let clientsPerAddress = 16

    /// What an operator would declare.
    public var specification: ClusterSpecification {
        var specification = ClusterSpecification(name: "scenario")
        // Room for the frame and a tunnel around it.
        specification.settings.underlayMTU = max(1_500, frameByteCount + 100)
        specification.ingress.v4 = IPv4Prefix(IPv4Address(10, 0, 0, 0), length: 8)
            .map { SubnetSpecification(prefix: $0) }
        specification.nodes = [node("entry", 11), node("owner", 12)]
        specification.nodes[0].availability = .drain
        specification.services = (0..<serviceCount).map { index in
            var service = ServiceSpecification(name: "service\(index + 1)")
            service.mode = .replicated(taskCount)
            service.ports = [
                PortSpecification(published: port(index), target: Port(8080), proto: .udp)
            ]
            return service
        }
        return specification
    }

    private func node(_ name: String, _ last: UInt8) -> NodeSpecification {
        NodeSpecification(
            name: name, vtep: .v4(IPv4Address(198, 51, 100, last)),
            addresses: [.v4(IPv4Address(192, 0, 2, last))])
    }

    public func cluster() throws(BenchError) -> Cluster {
        do { return try Cluster.assemble(specification) } catch { throw .mesh(error) }
    }

    private func port(_ service: Int) -> Port { Port(UInt16(Self.firstPort + service)) }

    private func client(_ flow: Int) -> (IPv4Address, Port) {
        let (address, port) = flow.quotientAndRemainder(dividingBy: Self.clientsPerAddress)
        return (
            IPv4Address(rawValue: 0x0b00_0000 + UInt32(truncatingIfNeeded: address)),
            Port(UInt16(40_000 + port))
        )
    }

    /// Writes a client's datagram of a flow, as long as `bytes`.
    @_lifetime(bytes: copy bytes)
    func writeRequest(_ flow: Int, to bytes: inout MutableRawSpan) {
        let (address, port) = client(flow)
        write(
            from: (address, port), to: (Self.entryAddress, self.port(flow % serviceCount)), &bytes)
    }

    /// Writes what a task answers to it.
    @_lifetime(bytes: copy bytes)
    func writeReply(_ flow: Int, from task: IPv4Address, to bytes: inout MutableRawSpan) {
        write(from: (task, Port(8080)), to: client(flow), &bytes)
    }

    @_lifetime(bytes: copy bytes)
    private func write(
        from source: (IPv4Address, Port), to destination: (IPv4Address, Port),
        _ bytes: inout MutableRawSpan
    ) {
        let transportByteCount =
            bytes.byteCount - EthernetFields.byteCount - IPv4Fields.byteCount
        EthernetFields(
            destination: MACAddress(rawValue: 0x0200_0000_0002),
            source: MACAddress(rawValue: 0x0200_0000_0001), etherType: .ipv4
        ).write(to: &bytes)
        var network = bytes.tail(from: EthernetFields.byteCount)
        IPv4Fields(
            source: source.0, destination: destination.0, proto: .udp,
            payloadByteCount: transportByteCount
        ).write(to: &network)
        var transport = network.tail(from: IPv4Fields.byteCount)
        UDPFields(
            sourcePort: source.1, destinationPort: destination.1,
            payloadByteCount: transportByteCount - UDPFields.byteCount
        ).write(to: &transport, between: .v4(source: source.0, destination: destination.0))
    }
}
