// Goal: a stack as people write them becomes the mesh that Swarm would make of it. Method: the
// bundled voting application, with the numbers worked out by hand from Swarm's rules.

import Compose
import Dataplane
import Mesh
import Testing
import Wire

@Suite struct VotingStackTests {
    @Test func `names are prefixed and networks follow ingress`() throws {
        let cluster = try load(Fixture.vote()).assemble()
        #expect(cluster.services.map(\.name).first == "demo_vote")
        #expect(cluster.networks.map(\.name) == ["ingress", "demo_front", "demo_back"])
        #expect(cluster.networks.map(\.vni) == [4096, 4097, 4098])
        #expect(cluster.networks.map(\.isInternal) == [false, false, true])
        try cluster.checkInvariants()
    }

    @Test func `ingress addresses come in Swarm's order`() throws {
        let cluster = try load(Fixture.vote()).assemble()
        // .1 gateway, .2 to .4 the nodes, .5 and .6 the VIPs of vote and result, then six tasks.
        #expect(
            cluster.services.prefix(2).map { $0.virtualAddresses[0].v4 } == [
                IPv4Address(10, 0, 0, 5), IPv4Address(10, 0, 0, 6),
            ])
        let ingress = cluster.tasks.compactMap { $0.endpoint(on: NetworkID(0))?.v4 }
        #expect(ingress == (7...12).map { IPv4Address(10, 0, 0, $0) })
    }

    @Test func `constraints and spreading decide the places`() throws {
        let cluster = try load(Fixture.vote()).assemble()
        let places = cluster.tasks.map { "\($0.name) \(cluster[$0.node].name)" }
        #expect(
            places == [
                "demo_vote.1 beta", "demo_vote.2 gamma", "demo_vote.3 beta", "demo_vote.4 gamma",
                "demo_result.1 alpha", "demo_result.2 beta", "demo_redis.1 alpha",
                "demo_db.1 alpha", "demo_worker.alpha alpha", "demo_worker.beta beta",
                "demo_worker.gamma gamma",
            ])
        #expect(cluster.pendingTasks.isEmpty)
    }

    @Test func `a service answers to its short name and its aliases`() throws {
        let cluster = try load(Fixture.vote()).assemble()
        #expect(cluster.services[1].attachments.map(\.aliases) == [["result", "scores"]])
    }

    @Test func `the image is interpolated`() throws {
        #expect(try load(Fixture.vote()).specification.services[0].image == "example/vote:latest")
        let tagged = try load(Fixture.vote(), ["VOTE_TAG": "7"])
        #expect(tagged.specification.services[0].image == "example/vote:7")
    }

    @Test func `a mesh nobody describes has three nodes with documentation addresses`() throws {
        let cluster = try load("services: {web: {image: nginx}}").assemble()
        #expect(cluster.nodes.map(\.name) == ["node1", "node2", "node3"])
        #expect(cluster.nodes.map(\.role) == [.manager, .worker, .worker])
        #expect(cluster.nodes[2].addresses == [.v4(IPv4Address(192, 0, 2, 13))])
        #expect(cluster.nodes[2].vtep == .v4(IPv4Address(198, 51, 100, 13)))
        #expect(cluster.networks.map(\.name) == ["ingress", "demo_default"])
    }

    @Test func `the node count of the command line overrules the file`() throws {
        #expect(
            try load(Fixture.vote(), nodes: 2).assemble().nodes.map(\.name) == ["alpha", "beta"])
        let five = try load(Fixture.vote(), nodes: 5).assemble()
        #expect(five.nodes.map(\.name) == ["alpha", "beta", "gamma", "node4", "node5"])
        let wide = "services: {web: {image: a}}\nx-mesh: {default_addr_pool_mask_length: 16}"
        let many = try load(wide, nodes: 1000).assemble()
        #expect(many.nodes[999].addresses == [.v4(IPv4Address(198, 18, 3, 242))])
    }

    @Test func `line ends of either kind read alike`() throws {
        let text = try Fixture.vote()
        let windows = text.split(separator: "\n", omittingEmptySubsequences: false)
            .joined(separator: "\r\n")
        #expect(try load(windows).specification == load(text).specification)
    }

    @Test func `the file names the stack when nobody else does`() throws {
        let text = "name: ${N}\nservices: {web: {image: nginx}}"
        var options = ComposeOptions(environment: ["N": "shop"])
        let own = try ComposeLoader.load(text, file: "-", options: options)
        #expect(own.specification.services[0].name == "shop_web")
        options.stack = "other"
        let given = try ComposeLoader.load(text, file: "-", options: options)
        #expect(given.specification.services[0].name == "other_web")
    }

    @Test func `x-mesh sets what holds for the mesh`() throws {
        let text = """
            services: {web: {image: nginx}}
            x-mesh:
              nodes: 2
              mtu: 9000
              vxlan_port: 8472
              hash_key: "000102030405060708090a0b0c0d0e0f"
              reply: direct
              ipv6: yes
              default_addr_pool: [172.30.0.0/16]
              default_addr_pool_mask_length: 26
            """
        let cluster = try load(text).assemble()
        #expect(cluster.settings.hashKey == .documented)
        #expect(cluster.settings.replyPath == .direct)
        #expect(cluster.settings.vxlanPort == Port(8472))
        #expect(cluster.networks.map(\.mtu) == [8950, 8950])
        #expect(
            cluster.networks.map { $0.v4?.prefix.description } == [
                "172.30.0.0/26", "172.30.0.64/26",
            ])
        #expect(cluster.nodes.map { $0.addresses.count } == [2, 2])
        #expect(cluster.networks[0].v6?.prefix.description == "fd77:6566:7400:1000::/64")
    }
}
