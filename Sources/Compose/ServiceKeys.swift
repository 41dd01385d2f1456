// What becomes of each key of a service: read, passed over because it says nothing about traffic,
// ignored with docker's words, or refused.
//
// The sets are those of docker's stack loader (schema 3.13), widened by the keys that only the
// Compose Specification has, which docker refuses and we report and pass over.

enum ServiceKeys {
    /// Of no consequence for traffic.
    static let passedOver: Set<String> = [
        "annotations", "attach", "cap_add", "cap_drop", "command", "configs", "credential_spec",
        "depends_on", "dns", "dns_opt", "dns_search", "entrypoint", "env_file", "environment",
        "extra_hosts", "group_add", "healthcheck", "hostname", "init", "isolation", "label_file",
        "logging", "oom_kill_disable", "oom_score_adj", "pids_limit", "platform", "pull_policy",
        "read_only", "runtime", "secrets", "stdin_open", "stop_grace_period", "stop_signal",
        "storage_opt", "sysctls", "tmpfs", "tty", "ulimits", "user", "volumes", "working_dir",
    ]

    /// Docker's `Ignoring unsupported options`.
    static let unsupported: Set<String> = [
        "build", "cgroup_parent", "cgroupns_mode", "devices", "domainname", "external_links", "ipc",
        "links", "mac_address", "network_mode", "pid", "privileged", "restart", "security_opt",
        "shm_size", "userns_mode",
    ]

    /// Keys of the Compose Specification that a stack cannot honour.
    static let specificationOnly: Set<String> = [
        "blkio_config", "cgroup", "cpu_count", "cpu_percent", "cpu_period", "cpu_rt_period",
        "cpu_rt_runtime", "cpus", "develop", "device_cgroup_rules", "gpus", "mem_reservation",
        "mem_swappiness", "models", "post_start", "pre_stop", "profiles", "provider", "uts",
        "use_api_socket",
    ]

    /// Docker's `Ignoring deprecated options`.
    static let deprecated: Set<String> = ["container_name", "expose"]

    /// Docker's `compose file contains unsupported options`.
    static let forbidden: Set<String> = [
        "cpu_quota", "cpu_shares", "cpuset", "extends", "mem_limit", "memswap_limit",
        "volume_driver", "volumes_from",
    ]

    static func deprecation(of key: String) -> String {
        key == "expose"
            ? "Exposing ports is unnecessary - services on the same network can access each"
                + " other's containers on any port."
            : "Setting the container name is not supported."
    }
}
