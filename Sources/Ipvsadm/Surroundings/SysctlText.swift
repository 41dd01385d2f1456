// Settings as sysctl(8) takes them, `net.ipv4.vs.NAME=VALUE`, with the kernel's names and ranges
// (Documentation/networking/ipvs-sysctl.rst). The prefix may be left out, slashes may stand for dots.
//
// What changes no packet of a replay (synchronization, the estimator's threads, the memory that
// automatic defences go by) is accepted and has no effect, so that a whole sysctl.conf can be used.

import Dataplane

extension DirectorSettings {
    /// Sets what `text` says; lines of a sysctl.conf may have spaces around the sign.
    public mutating func set(sysctl text: some StringProtocol) throws(SurroundingsError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw SurroundingsError("sysctl `\(text)': NAME=VALUE is wanted")
        }
        let name = Self.name(parts[0])
        if Self.withoutEffect.contains(name) { return }
        let words = parts[1].split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let value = UInt32(words[0]) else {
            throw SurroundingsError("sysctl \(name): `\(parts[1])' is no number")
        }
        try set(name, value)
    }

    private static func name(_ text: some StringProtocol) -> String {
        var name = text.split(whereSeparator: \.isWhitespace).joined()
        name = String(name.map { $0 == "/" ? "." : $0 })
        for prefix in ["net.ipv4.vs.", "vs."] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return name
    }

    private mutating func set(_ name: String, _ value: UInt32) throws(SurroundingsError) {
        func check(_ range: ClosedRange<UInt32>) throws(SurroundingsError) {
            guard range.contains(value) else {
                throw SurroundingsError(
                    "sysctl \(name): \(value) is not in \(range.lowerBound)...\(range.upperBound)")
            }
        }
        switch name {
        case "conn_reuse_mode": connReuseMode = value
        case "lblc_expiration": lblcExpiration = value
        case "lblcr_expiration": lblcrExpiration = value
        case "am_droprate":
            try check(1...UInt32(Int32.max))
            amDroprate = value
        case "drop_entry":
            try check(0...3)
            dropEntry = value
        case "drop_packet":
            try check(0...3)
            dropPacket = value
        case "secure_tcp":
            try check(0...3)
            secureTCP = value
        default:
            guard set(name, isOn: value != 0) else {
                throw SurroundingsError("sysctl \(name): there is no such setting of IPVS")
            }
        }
    }

    /// Whether there is such a switch.
    private mutating func set(_ name: String, isOn: Bool) -> Bool {
        switch name {
        case "cache_bypass": cacheBypass = isOn
        case "expire_nodest_conn": expireNodestConn = isOn
        case "expire_quiescent_template": expireQuiescentTemplate = isOn
        case "ignore_tunneled": ignoreTunneled = isOn
        case "nat_icmp_send": natICMPSend = isOn
        case "pmtu_disc": pmtuDisc = isOn
        case "schedule_icmp": scheduleICMP = isOn
        case "sloppy_sctp": sloppySCTP = isOn
        case "sloppy_tcp": sloppyTCP = isOn
        case "snat_reroute": snatReroute = isOn
        default: return false
        }
        return true
    }

    private static let withoutEffect: Set<String> = [
        "amemthresh", "backup_only", "conntrack", "debug_level", "est_cpulist", "est_nice",
        "run_estimation", "sync_persist_mode",
        "sync_ports", "sync_qlen_max", "sync_refresh_period", "sync_retries", "sync_sock_size",
        "sync_threshold", "sync_version",
    ]
}
