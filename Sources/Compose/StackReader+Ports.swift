// `services.*.ports`, short and long.
// Both come out as one kind of specification, a range as one for each port, with one place each.
// Where several files wrote the list, ports that come out equal are one, however they are written;
// a port that one file has twice is left for the mesh to refuse.

import Mesh
import Wire

extension StackReader {
    /// The ports with the place each was written at.
    mutating func ports(_ tree: Tree, _ path: String) -> [(port: PortSpecification, place: Place)] {
        var result: [(port: PortSpecification, place: Place)] = []
        for (index, item) in list(tree, path).enumerated() {
            let itemPath = "\(path).\(index)"
            let ports: [PortSpecification]
            switch item.content {
            case .scalar(let text, _): ports = shortPorts(text, item.place, itemPath)
            case .mapping: ports = longPort(item, itemPath).map { [$0] } ?? []
            default:
                fail(item.place, itemPath, "must be a string, a number or a mapping")
                continue
            }
            result += ports.map { ($0, item.place) }
        }
        guard tree.isMerged else { return result }
        var known: Set<PortSpecification> = []
        return result.filter { known.insert($0.port).inserted }
    }

    private mutating func shortPorts(
        _ text: String, _ place: Place, _ path: String
    ) -> [PortSpecification] {
        do throws(PortSyntax.Problem) {
            let result = try PortSyntax.parse(text)
            if let address = result.address, !Self.isUnspecified(address) {
                warn(
                    place, path,
                    "ignoring IP-address (\(text)) service will listen on '0.0.0.0'")
            }
            return result.ports
        } catch {
            fail(place, path, "\(error)")
            return []
        }
    }

    /// The address that means every address, which is what a mesh listens on.
    private static func isUnspecified(_ text: String) -> Bool {
        switch IPAddress(text) {
        case .v4(let address): address.rawValue == 0
        case .v6(let address): (address.high, address.low) == (0, 0)
        case nil: false
        }
    }

    private mutating func longPort(_ tree: Tree, _ path: String) -> PortSpecification? {
        var port = PortSpecification(published: nil, target: Port(0))
        for entry in mapping(tree, path) {
            let key = "\(path).\(entry.key)"
            switch entry.key {
            case "target":
                guard let number = integer(entry.value, key, in: 1...65_535) else { return nil }
                port.target = Port(UInt16(number))
            case "published":
                guard let number = integer(entry.value, key, in: 0...65_535) else { return nil }
                port.published = number == 0 ? nil : Port(UInt16(number))
            case "protocol":
                let proto = value(entry.value, key, "one of tcp, udp, sctp") {
                    IPProtocol(publishedName: $0)
                }
                guard let proto else { return nil }
                port.proto = proto
            case "mode":
                guard let mode = choice(entry.value, key, as: PublishedPort.Mode.self) else {
                    return nil
                }
                port.mode = mode
            case "name": port.name = string(entry.value, key)
            case "host_ip":
                if let text = string(entry.value, key), Self.isUnspecified(text) { continue }
                warn(entry.place, key, "ignoring IP-address, service will listen on '0.0.0.0'")
            case "app_protocol": break
            default: if !entry.key.hasPrefix("x-") { failUnknown(entry, path) }
            }
        }
        guard port.target.rawValue != 0 else {
            fail(tree.place, path, "target is required")
            return nil
        }
        return port
    }
}
