// Why a rule change is refused, in the kernel's terms (the error numbers of ip_vs_ctl.c).
// Invariant: a change that ends in one of these has changed nothing.

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
