// Goal: the resolved configuration says everything. Method: loaded again it gives an equal cluster
// and the same text, for stacks that use every key; and a look at a few lines.

import Compose
import Mesh
import Testing

@Suite struct ResolvedConfigurationTests {
    private static let everything = """
        services:
          web:
            image: "odd \\"$$name\\" \\u2028 \\\\"
            ports: ["80", "8080:80", "53:53/udp", {target: 9, published: 9, protocol: sctp, mode: host}]
            networks: {front: {aliases: [www]}, wide: }
            deploy:
              replicas: 7
              labels: {a: b=c, empty: }
              placement:
                constraints: [node.labels.zone != west]
                max_replicas_per_node: 2
            x-mesh: {replicas_max: 40, weights: [1, 0, 3]}
          agent:
            image: agent
            deploy: {mode: global}
            ports: [{target: 7, published: 7, mode: host}, {target: 8, mode: host}]
            networks: [hosts]
          plain:
            image: "yes"
            networks: [secret]
            deploy: {endpoint_mode: dnsrr}
        networks:
          front: {attachable: true, driver_opts: {dsr: "", com.docker.network.driver.mtu: 1400}}
          wide:
            enable_ipv6: true
            ipam:
              config:
                - {subnet: 10.77.0.0/16, gateway: 10.77.255.254, ip_range: 10.77.4.0/22}
                - {subnet: 2001:db8:7::/64}
          secret: {driver_opts: {encrypted: "", com.docker.network.driver.overlay.vxlanid_list: 9000}}
          hosts: {external: true, name: host}
        x-mesh:
          reply: direct
          mtu: 1600
          default_addr_pool: [10.20.0.0/16 25, 10.30.0.0/16]
          nodes:
            - {name: a, labels: {zone: east}, addresses: [192.0.2.1, "2001:db8::1"]}
            - {name: b, labels: [zone=west], availability: drain, id: "22:22"}
            - {name: c, mac: "02:00:00:00:00:01"}
        """

    @Test func `a resolved stack loads again as itself`() throws {
        let bundled = try Fixture.bundledStacks().map(\.text)
        #expect(!bundled.isEmpty)
        for text in [try Fixture.vote(), Self.everything] + bundled {
            let cluster = try load(text).assemble()
            try cluster.checkInvariants()
            let resolved = ResolvedConfiguration.text(cluster)
            let again = try load(resolved).assemble()
            #expect(again == cluster)
            #expect(ResolvedConfiguration.text(again) == resolved)
        }
    }

    @Test func `odd names and characters load again as themselves`() throws {
        let text = """
            services:
              web:
                image: "\\uFFFE \\uFFFF"
                networks: ["a$$b"]
                deploy:
                  labels: {"k=1": v, "k": "1=$$v", "$d=": x}
                  placement: {constraints: ["node.labels.k==1=v"]}
            networks: {"a$b": {name: ab}}
            x-mesh: {nodes: [{name: a, labels: {"k=1": v}}]}
            """
        let cluster = try load(text).assemble()
        #expect(cluster.pendingTasks.count == 1)
        #expect(
            cluster.services[0].labels == [
                .init("k=1", "v"), .init("k", "1=$v"), .init("$d=", "x"),
            ])
        let resolved = ResolvedConfiguration.text(cluster)
        #expect(resolved.contains("\\ufffe \\uffff"))
        #expect(resolved.contains("\"a$b\":"))
        #expect(try load(resolved).assemble() == cluster)
    }

    @Test func `tasks that nobody takes are shown with the scheduler's reason`() throws {
        let cluster = try load(Self.everything).assemble()
        #expect(cluster.pendingTasks.count == 5)
        let reason =
            "no suitable node (host-mode port already in use on 2 nodes; "
            + "1 node not available for new tasks)"
        #expect(cluster.pendingTasks.first?.reason == reason)
        #expect(ResolvedConfiguration.text(cluster).contains("pending: \"\(reason)\""))
    }

    @Test func `what was decided can be read`() throws {
        let text = ResolvedConfiguration.text(try load(Fixture.vote()).assemble())
        for line in [
            "        - subnet: \"10.0.1.0/24\"", "    - service: demo_vote",
            "      com.docker.network.driver.overlay.vxlanid_list: 4097",
            "    - name: demo_worker.beta", "          mac: \"02:42:0a:00:00:07\"",
        ] {
            #expect(text.split(separator: "\n").contains { $0 == line }, "\(line)")
        }
    }
}
