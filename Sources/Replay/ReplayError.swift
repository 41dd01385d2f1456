// What can be wrong with what a replay is asked to do. Wrong files have errors of their own.
// Invariant: each names the option that was wrong, in the words it was given.

import Capture

public enum ReplayError: Error, Equatable, CustomStringConvertible {
    /// A `--remap` that cannot be read or obeyed.
    case remap(text: String, reason: String)
    case filter(String)
    case unknownEntry(String, nodes: [String])
    case unknownTask(String, tasks: [String])

    public var description: String {
        switch self {
        case .remap(let text, let reason): "--remap '\(text)': \(reason)"
        case .filter(let reason): "--filter: \(reason)"
        case .unknownEntry(let text, let nodes):
            "--entry '\(text)': neither address, round-robin, hash nor a node "
                + "(\(nodes.joined(separator: ", ")))"
        case .unknownTask(let text, let tasks):
            "--without '\(text)': no such task (\(tasks.joined(separator: ", ")))"
        }
    }
}
