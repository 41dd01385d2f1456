// From what is declared to a cluster in which everything is decided: the one entry point.
//
// The order is Swarm's where order shows in the result: ingress before other networks; declared
// numbers, subnets and ports before chosen ones; on each network the gateway, then the nodes'
// load-balancer endpoints, then virtual addresses, then tasks in creation order. Invariant: the
// result is a pure function of the specification, and satisfies `checkInvariants()`.

import Wire

extension Cluster {
    /// Decides everything that `specification` leaves open, or says what cannot be.
    public static func assemble(
        _ specification: ClusterSpecification
    ) throws(MeshError) -> Cluster {
        var cluster = Cluster(
            name: specification.name, settings: specification.settings, nodes: [], networks: [],
            services: [], tasks: [])
        try specification.settings.validate()
        cluster.nodes = try assembleNodes(specification.nodes)
        cluster.networks = try assembleNetworks(specification, nodes: cluster.nodes)
        cluster.services = try assembleServices(specification, cluster)
        try cluster.assembleTasks(specification.services)
        return cluster
    }
}

extension ClusterSettings {
    fileprivate func validate() throws(MeshError) {
        let ports = MeshLimits.vxlanPortRange
        try MeshLimits.check(
            Int(vxlanPort.rawValue), "the VXLAN port",
            in: Int(ports.lowerBound)...Int(ports.upperBound), .cluster)
        try MeshLimits.check(
            underlayMTU, "the underlay MTU", in: MeshLimits.ipv4MTUMin...MeshLimits.mtuMax, .cluster
        )
    }
}

extension MeshLimits {
    static func check(
        _ value: Int, _ what: String, in range: ClosedRange<Int>, _ subject: MeshError.Subject
    ) throws(MeshError) {
        guard !range.contains(value) else { return }
        let reason = MeshError.Reason.outOfRange(
            what: what, value: value, least: range.lowerBound, most: range.upperBound)
        throw MeshError(subject, reason)
    }

    /// Swarm's rule for names of services and networks: letters and digits, with `-` and `_`
    /// between them. Node names may have dots too.
    static func check(
        name: String, _ subject: MeshError.Subject, mayHaveDots: Bool = false
    ) throws(MeshError) {
        let bytes = Array(name.utf8)
        let isAlphanumeric = { (byte: UInt8) in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                || (0x61...0x7a).contains(byte)
        }
        let isValid = bytes.allSatisfy { byte in
            isAlphanumeric(byte) || byte == 0x2d || byte == 0x5f || mayHaveDots && byte == 0x2e
        }
        guard isValid, let first = bytes.first, let last = bytes.last, isAlphanumeric(first),
            isAlphanumeric(last)
        else { throw MeshError(subject, .invalidName(name)) }
        if bytes.count > nameLengthMax { throw MeshError(subject, .longName(name)) }
    }

    static func check(
        count: Int, _ what: String, limit: Int, _ subject: MeshError.Subject
    ) throws(MeshError) {
        if count > limit { throw MeshError(subject, .tooMany(what: what, limit: limit)) }
    }
}
