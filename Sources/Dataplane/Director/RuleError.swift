// Why a rule change is refused, in the terms of the kernel (ip_vs_ctl.c) and its error numbers; nothing
// is changed then.

public enum RuleError: Error, Hashable, Sendable {
    /// EEXIST for a service.
    case serviceExists
    /// ESRCH.
    case noSuchService
    /// EEXIST for a real server.
    case serverExists
    /// ENOENT.
    case noSuchServer
    /// EINVAL, ERANGE and the like, by what is wrong.
    case invalid(Invalid)

    public enum Invalid: Hashable, Sendable {
        /// A threshold below the other, or a weight below zero.
        case thresholds, weight
        case netmask, persistence, port
        /// A tunnel or family that the method cannot serve.
        case family, tunnel
        case mark, scheduler
        /// A real server's that no host can have: a group's, nobody's, a link's own.
        case address
    }
}
