// Goal: numbers come out as Docker Swarm gives them. Method: the values that a fresh swarm shows
// (ingress gateway 10.0.0.1, ingress-sbox 10.0.0.2, first VIP .3, first task .4; VNI 4096) and
// rules of swarmkit's allocator, written down by hand.

import Mesh
import Testing
import Wire

@Suite struct SwarmAllocationTests {
    @Test func `a fresh swarm of one node allocates ingress in Swarm's order`() throws {
        let web = ServiceSpecification("web", publish: [PortSpecification(8080, 80)])
        let cluster = try Cluster.assemble(.nodes(1).with(web))
        let ingress = try #require(cluster.ingress)
        #expect(ingress.vni == 4096)
        #expect(ingress.v4?.prefix.description == "10.0.0.0/24")
        #expect(ingress.v4?.gateway == IPv4Address(10, 0, 0, 1))
        #expect(ingress.mtu == 1450)
        #expect(ingress.balancers.map(\.v4) == [IPv4Address(10, 0, 0, 2)])
        #expect(cluster.services[0].virtualAddresses.map(\.v4) == [IPv4Address(10, 0, 0, 3)])
        let end = try #require(cluster.tasks[0].endpoint(on: ingress.id))
        #expect(end.v4 == IPv4Address(10, 0, 0, 4))
        #expect(end.mac.description == "02:42:0a:00:00:04")
    }

    @Test func `a node's MAC comes from its VTEP and is its own`() throws {
        var specification = ClusterSpecification.nodes(4)
        let high: [UInt64] = [0x2001_0db8_0000_0001, 0x2001_0db8_0000_0002, 0x2001_0db8_0000_0003]
        for (index, high) in high.enumerated() {
            specification.nodes[index].vtep = .v6(IPv6Address(high: high, low: 1))
        }
        // What the second would fold its address into is spoken for.
        specification.nodes[3].vtep = .v6(IPv6Address(high: high[0], low: 9))
        specification.nodes[3].mac = MACAddress(rawValue: 0x0242_2001_0dbb)
        let macs = try Cluster.assemble(specification).nodes.map(\.mac)
        #expect(macs[0].description == "02:42:00:00:00:01")
        #expect(macs[3].description == "02:42:20:01:0d:bb")
        #expect(Set(macs).count == 4)
        let ipv4 = try Cluster.assemble(.nodes(1)).nodes[0].mac
        #expect(ipv4.description == "02:42:c6:33:64:0b")
    }

    @Test func `user networks follow ingress in VNI and subnet`() throws {
        let specification = ClusterSpecification.nodes(2)
            .with(NetworkSpecification(name: "front"), NetworkSpecification(name: "back"))
            .with(ServiceSpecification("web", replicas: 3, on: ["front"]))
        let cluster = try Cluster.assemble(specification)
        #expect(cluster.networks.map(\.vni) == [4096, 4097, 4098])
        #expect(
            cluster.networks.map { $0.v4?.prefix.description } == [
                "10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24",
            ])
        // Gateway .1, two nodes .2 and .3, the VIP .4, then the tasks.
        #expect(cluster.services[0].virtualAddresses.map(\.v4) == [IPv4Address(10, 0, 1, 4)])
        #expect(
            cluster.tasks.flatMap(\.endpoints).compactMap(\.v4).map { "\($0)" } == [
                "10.0.1.5", "10.0.1.6", "10.0.1.7",
            ])
        #expect(cluster.networks[2].balancers.isEmpty)
    }

    @Test func `declared VNIs are honoured and stepped over`() throws {
        var pinned = NetworkSpecification(name: "pinned")
        pinned.vni = 4097
        let specification = ClusterSpecification.nodes(1)
            .with(NetworkSpecification(name: "first"), pinned, NetworkSpecification(name: "last"))
        #expect(
            try Cluster.assemble(specification).networks.map(\.vni) == [4096, 4098, 4097, 4099])
        var twin = NetworkSpecification(name: "twin")
        twin.vni = 4097
        #expect(
            refusal(specification.with(twin))
                == MeshError(.network(3), .vniTaken(4097, by: "network 'pinned'")))
    }

    @Test func `the ingress network's VNI is not to be had`() {
        var greedy = NetworkSpecification(name: "greedy")
        greedy.vni = 4096
        #expect(
            refusal(.nodes(1).with(greedy))
                == MeshError(.network(0), .vniTaken(4096, by: "network 'ingress'")))
    }

    @Test func `an encrypted overlay keeps 1424 bytes and an IPv6 underlay takes 70`() throws {
        var secret = NetworkSpecification(name: "secret")
        secret.isEncrypted = true
        var specification = ClusterSpecification.nodes(1).with(secret)
        #expect(try Cluster.assemble(specification).networks.map(\.mtu) == [1450, 1424])
        specification.nodes[0].vtep = .v6(IPv6Address(high: 0x2001_0db8_0000_0002, low: 0x11))
        #expect(try Cluster.assemble(specification).networks[0].mtu == 1430)
    }

    @Test func `declared subnets are honoured and the pool steps around them`() throws {
        var mine = NetworkSpecification(name: "mine")
        mine.v4 = try SubnetSpecification(prefix: prefix("10.0.1.0/25"))
        let specification = ClusterSpecification.nodes(1)
            .with(NetworkSpecification(name: "auto"), mine)
        let cluster = try Cluster.assemble(specification)
        #expect(
            cluster.networks.map { $0.v4?.prefix.description } == [
                "10.0.0.0/24", "10.0.2.0/24", "10.0.1.0/25",
            ])
    }

    @Test func `a subnet that overlaps another or holds a node is refused`() throws {
        var mine = NetworkSpecification(name: "mine")
        mine.v4 = try SubnetSpecification(prefix: prefix("10.0.0.128/25"))
        let overlap = try #require(refusal(.nodes(1).with(mine)))
        #expect(overlap.subject == .network(0))
        #expect(overlap.description.contains("Pool overlaps with other one on this address space"))
        mine.v4 = try SubnetSpecification(prefix: prefix("192.0.2.0/24"))
        let around = try #require(refusal(.nodes(1).with(mine)))
        #expect(around.description.contains("node 'node1' (192.0.2.11)"))
    }

    @Test(arguments: ["0.0.0.0/0", "0.1.0.0/16", "127.0.0.0/24", "224.0.0.0/24", "255.0.0.0/8"])
    func `a subnet no host may live in is refused`(text: String) throws {
        var odd = NetworkSpecification(name: "odd")
        odd.v4 = try SubnetSpecification(prefix: prefix(text))
        #expect(refusal(.nodes(1).with(odd)) == MeshError(.network(0), .hostlessSubnet(text)))
    }

    @Test func `a full subnet is an error that names it`() throws {
        var small = NetworkSpecification(name: "small")
        small.v4 = try SubnetSpecification(prefix: prefix("10.9.0.0/29"))
        // Six hosts: gateway, one load balancer, one VIP, three tasks.
        let fits = ClusterSpecification.nodes(1).with(small)
        let three = ServiceSpecification("web", replicas: 3, on: ["small"])
        #expect(refusal(fits.with(three)) == nil)
        let four = ServiceSpecification("web", replicas: 4, on: ["small"])
        #expect(
            refusal(fits.with(four))?.description
                == "could not find an available IP while allocating a task's address in 10.9.0.0/29"
        )
    }

    @Test func `pools of another size are used in order`() throws {
        var specification = ClusterSpecification.nodes(1)
            .with(NetworkSpecification(name: "one"), NetworkSpecification(name: "two"))
        specification.settings.pools = try [
            #require(SubnetPool(base: prefix("172.30.0.0/23"), subnetLength: 24)),
            #require(SubnetPool(base: prefix("172.31.0.0/26"), subnetLength: 26)),
        ]
        let cluster = try Cluster.assemble(specification)
        #expect(
            cluster.networks.map { $0.v4?.prefix.description } == [
                "172.30.0.0/24", "172.30.1.0/24", "172.31.0.0/26",
            ])
        let third = NetworkSpecification(name: "three")
        #expect(
            refusal(specification.with(third)) == MeshError(.network(2), .noMoreSubnets))
    }

    @Test func `IPv6 follows the same serial order in a prefix named by the VNI`() throws {
        var specification = ClusterSpecification.nodes(1)
            .with(ServiceSpecification("web", publish: [PortSpecification(80, 80)]))
        specification.settings.isIPv6Wanted = true
        let cluster = try Cluster.assemble(specification)
        #expect(cluster.networks[0].v6?.prefix.description == "fd77:6566:7400:1000::/64")
        let end = try #require(cluster.tasks[0].endpoints[0].v6)
        #expect(end.description == "fd77:6566:7400:1000::4")
    }
}
