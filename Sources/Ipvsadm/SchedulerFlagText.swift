// Scheduler flags by name. The kernel has three without a meaning of their own; `sh` and `mh` give
// the first two theirs: fall back to another server, and hash the client's port as well.

import Dataplane

enum SchedulerFlagText {
    /// The third of them, which no scheduler looks at.
    static let third = SchedulerFlags(rawValue: 4)

    private static func name(_ flag: SchedulerFlags, _ scheduler: String) -> String? {
        switch (scheduler, flag) {
        case ("sh", .fallback), ("mh", .fallback): "\(scheduler)-fallback"
        case ("sh", .port), ("mh", .port): "\(scheduler)-port"
        case ("sh", _), ("mh", _): nil
        case (_, .fallback): "flag-1"
        case (_, .port): "flag-2"
        default: "flag-3"
        }
    }

    /// The names of `flags` in the order in which they are printed, with commas; empty if none of
    /// them has a name under the scheduler.
    static func text(_ flags: SchedulerFlags, _ scheduler: String) -> String {
        [.fallback, .port, third].filter { flags.contains($0) }
            .compactMap { name($0, scheduler) }.joined(separator: ",")
    }

    /// The same with a name for each, which `flags` reads under the scheduler: the third is never
    /// printed for `sh` and `mh`, but may be given.
    static func completeText(_ flags: SchedulerFlags, _ scheduler: String) -> String {
        [.fallback, .port, third].filter { flags.contains($0) }
            .map { name($0, scheduler) ?? "flag-3" }.joined(separator: ",")
    }

    /// Reads a list with commas; nil is an empty one.
    static func flags(_ text: String?, _ scheduler: String) throws(IpvsadmError) -> SchedulerFlags {
        guard let text, !text.isEmpty else { return [] }
        let words = text.split(separator: ",")
        guard !words.isEmpty else { throw .usage("invalid scheduler flag `'") }
        var flags: SchedulerFlags = []
        for word in words { flags.insert(try flag(word, scheduler)) }
        return flags
    }

    private static func flag(
        _ word: Substring, _ scheduler: String
    ) throws(IpvsadmError) -> SchedulerFlags {
        switch word {
        case "flag-1": return .fallback
        case "flag-2": return .port
        case "flag-3": return third
        case "sh-fallback", "sh-port", "mh-fallback", "mh-port":
            guard word.prefix(2) == scheduler else {
                throw .usage("incompatible scheduler flag `\(word)'")
            }
            return word.hasSuffix("port") ? .port : .fallback
        default: throw .usage("invalid scheduler flag `\(word)'")
        }
    }
}
