// Goal: the lookup tables answer as dictionaries do, whatever is put in. Method: the same seeded
// insertions and questions to both.

import Dataplane
import Testing
import Wire

@Suite struct TableTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `addresses are found in their scope and nowhere else`(_ seed: UInt64) {
        struct Key: Hashable {
            var address: IPv6Address
            var scope: AddressScope
        }
        var generator = SeededGenerator(seed: seed)
        let scopes: [AddressScope] = [
            .clients, .underlay, .network(NetworkIndex(0)), .network(NetworkIndex(1)),
            .mac(NetworkIndex(0)), .mac(NetworkIndex(1)),
        ]
        // Few and similar addresses, so that scopes overlap and probes collide.
        func address() -> IPv6Address {
            let low = UInt64(generator.number(0...400))
            return switch generator.number(0...2) {
            case 0: IPv6Address(mapped: IPv4Address(rawValue: 0x0a00_0000 + UInt32(low)))
            case 1: IPv6Address(high: 0x2001_0db8 << 32, low: low)
            default: IPv6Address(high: low << 32, low: 1)
            }
        }
        var table = AddressTable()
        var naive: [Key: AddressTarget] = [:]
        for index in 0..<3_000 {
            let key = Key(address: address(), scope: scopes[generator.number(0...5)])
            let target = AddressTarget.endpoint(EndpointIndex(index))
            let present = table.insert(key.address, in: key.scope, target)
            #expect(present == naive[key])
            if present == nil { naive[key] = target }
            let question = Key(address: address(), scope: scopes[generator.number(0...5)])
            #expect(table.find(question.address, in: question.scope) == naive[question])
        }
        #expect(table.count == naive.count && table.checkInvariants())
        let isComplete = naive.allSatisfy {
            table.find($0.key.address, in: $0.key.scope) == $0.value
        }
        #expect(isComplete)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `an address is a node's or not, whichever node it is near`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var table = AddressTable()
        var naive: [IPv6Address: NodeIndex] = [:]
        for _ in 0..<3_000 {
            let low = UInt64(generator.number(0...60))
            let address4 = IPv4Address(rawValue: 0x0a00_0000 + UInt32(low))
            let address6 = IPv6Address(high: 0x2001_0db8 << 32, low: low)
            let address = generator.number(0...1) == 0 ? IPv6Address(mapped: address4) : address6
            let node = NodeIndex(generator.number(0...7))
            if generator.number(0...2) == 0 {
                let wasThere = table.remove(address, in: .clients)
                #expect(wasThere == (naive.removeValue(forKey: address) != nil))
            } else if table.insert(address, in: .clients, .node(node)) == nil {
                naive[address] = node
            }
            let near = NodeIndex(generator.number(0...9))
            #expect(
                table.isNode(address4, near: near) == (naive[IPv6Address(mapped: address4)] != nil))
            #expect(table.isNode(address6, near: near) == (naive[address6] != nil))
            #expect(table.node(of: address) == naive[address])
        }
        #expect(table.checkInvariants())
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `what is taken out is gone, and nothing else`(_ seed: UInt64) {
        struct Key: Hashable {
            var address: IPv6Address
            var scope: AddressScope
        }
        var generator = SeededGenerator(seed: seed)
        let networks = [NetworkIndex(0), NetworkIndex(1)]
        var table = AddressTable()
        var naive: [Key: AddressTarget] = [:]
        var naiveMACs: [UInt64: AddressTarget] = [:]
        for index in 0..<6_000 {
            let target = AddressTarget.endpoint(EndpointIndex(index))
            let low = UInt64(generator.number(0...200))
            let isIPv4 = generator.number(0...1) == 0
            let key = Key(
                address: isIPv4
                    ? IPv6Address(mapped: IPv4Address(rawValue: UInt32(low)))
                    : IPv6Address(high: 1, low: low),
                scope: .network(networks[generator.number(0...1)]))
            let mac = MACAddress(rawValue: low)
            if generator.number(0...1) == 0 {
                let present = table.insert(key.address, in: key.scope, target)
                #expect(present == naive[key])
                naive[key] = present ?? target
                let presentMAC = table.insert(mac, in: .mac(networks[0]), target)
                #expect(presentMAC == naiveMACs[low])
                naiveMACs[low] = presentMAC ?? target
            } else {
                let wasThere = table.remove(key.address, in: key.scope)
                #expect(wasThere == (naive.removeValue(forKey: key) != nil))
                let wasMACThere = table.remove(mac, in: .mac(networks[0]))
                #expect(wasMACThere == (naiveMACs.removeValue(forKey: low) != nil))
            }
            #expect(table.count == naive.count + naiveMACs.count)
        }
        #expect(table.checkInvariants() && naive.count > 100)
        #expect(
            naive.allSatisfy { table.find($0.key.address, in: $0.key.scope) == $0.value }
                && naiveMACs.allSatisfy {
                    table.find(MACAddress(rawValue: $0.key), in: .mac(networks[0])) == $0.value
                })
    }

    @Test func `a MAC address is one of its network's`() {
        var table = AddressTable()
        let mac = MACAddress(rawValue: 0x0242_0a00_0004)
        table.insert(mac, in: .mac(NetworkIndex(3)), .balancer(NodeIndex(2)))
        #expect(table.find(mac, in: .mac(NetworkIndex(3))) == .balancer(NodeIndex(2)))
        #expect(table.find(mac, in: .mac(NetworkIndex(4))) == nil)
        #expect(table.find(mac, in: .network(NetworkIndex(3))) == nil)
    }

    @Test func `ports are found by protocol and number`() {
        struct Key: Hashable {
            var proto: IPProtocol
            var port: Port
        }
        var generator = SeededGenerator(seed: 9)
        let protocols: [IPProtocol] = [.tcp, .udp, .sctp, .gre]
        var table = PortTable()
        var naive: [Key: PortBinding] = [:]
        for index in 0..<4_000 {
            let key = Key(
                proto: protocols[generator.number(0...3)],
                port: Port(UInt16(generator.number(0...1_000) * 65)))
            let binding = PortBinding(
                service: VirtualServiceIndex(index), proto: key.proto, published: key.port,
                target: generator.port())
            let mayInsert = naive[key] == nil && key.proto.hasPorts
            #expect(table.insert(binding) == mayInsert)
            if mayInsert { naive[key] = binding }
        }
        #expect(table.bindings.count == naive.count)
        for proto in protocols {
            for port in 0...UInt16.max {
                let key = Key(proto: proto, port: Port(port))
                if table.find(proto, key.port) != naive[key] { Issue.record("\(proto) \(port)") }
            }
        }
    }

    @Test func `the port table takes every port of every protocol, once`() {
        var table = PortTable()
        var count = 0
        for proto in [IPProtocol.tcp, .udp, .sctp, .tcp] {
            for port in 0...UInt16.max {
                let binding = PortBinding(
                    service: VirtualServiceIndex(0), proto: proto, published: Port(port),
                    target: Port(port))
                if table.insert(binding) { count += 1 }
            }
        }
        #expect(count == 3 * 65_536)
        #expect(table.find(.tcp, Port(65_534))?.target == Port(65_534))
        #expect(table.find(.udp, Port(5))?.target == Port(5))
        #expect(table.find(.icmp, Port(5)) == nil)
    }

    @Test func `services keep their rows, narrow and wide, side by side`() throws {
        var generator = SeededGenerator(seed: 10)
        var table = ServiceTable()
        var rows: [(endpoints: [EndpointIndex], slots: [UInt16])] = []
        // At random; and so far apart, within what a service notes and beyond it.
        for (count, stride) in [
            (0, 0), (1, 0), (3, 0), (256, 0), (257, 0), (700, 0), (2, 0), (5, 1), (300, 2),
            (8, 255), (8, 256), (8, -3),
        ] {
            var endpoints = (0..<count).map { EndpointIndex(5_000 + $0 * stride) }
            if stride == 0 {
                for place in endpoints.indices {
                    endpoints[place] = EndpointIndex(generator.number(0...1 << 20))
                }
            }
            let backends = endpoints.indices.map { _ in MaglevBackend(identity: generator.next()) }
            let slots = Maglev.table(backends, size: 1_021)
            let index = table.append(
                service: ServiceIndex(rows.count), network: NetworkIndex(0), endpoints: endpoints,
                slots: slots)
            #expect(Int(index.rawValue) == rows.count)
            rows.append((endpoints, slots))
        }
        for (position, row) in rows.enumerated() {
            let service = table[VirtualServiceIndex(position)]
            #expect(Int(service.slotCount) == row.slots.count)
            #expect(Array(table.endpoints(of: service)) == row.endpoints)
            for (slot, backend) in row.slots.enumerated() {
                let found = table.endpoint(at: UInt32(slot), of: service)
                #expect(found == row.endpoints[Int(backend)])
            }
            #expect(table.endpoint(at: service.slotCount, of: service) == nil)
        }
    }

    @Test func `a hash picks its slot in proportion`() {
        var table = ServiceTable()
        let slots = [UInt16](repeating: 0, count: 1_021)
        let index = table.append(
            service: ServiceIndex(0), network: NetworkIndex(0), endpoints: [EndpointIndex(7)],
            slots: slots)
        let service = table[index]
        #expect(table.slot(0, of: service) == 0)
        #expect(table.slot(.max, of: service) == 1_020)
        var generator = SeededGenerator(seed: 11)
        var hits = [Int](repeating: 0, count: 1_021)
        for _ in 0..<102_100 { hits[Int(table.slot(generator.next(), of: service))] += 1 }
        // A hundred each; six standard deviations either way.
        #expect(hits.allSatisfy { (40...160).contains($0) })
    }
}
