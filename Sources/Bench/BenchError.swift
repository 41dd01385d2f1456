// What can keep a benchmark from being run. Each says what is wrong in one line, and the command
// decides which exit code that is.

import Capture
import Mesh
import Replay
import Traffic

public enum BenchError: Error {
    case capture(CaptureError)
    case replay(ReplayError)
    case mesh(MeshError)
    case traffic(TrafficError)
    /// A director refuses its rules.
    case rule(String)
    /// Nothing of the trace goes into the mesh.
    case nothingToMeasure(String)
    /// The frames of the trace, as they reach nodes, take more than can be kept.
    case tooLong(String)
}

extension BenchError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .capture(let error): "\(error)"
        case .replay(let error): "\(error)"
        case .mesh(let error): "\(error)"
        case .traffic(let error): "\(error)"
        case .rule(let message): message
        case .nothingToMeasure(let path): "\(path): no packet of it goes into the mesh"
        case .tooLong(let path): "\(path): too long to be held in memory, 4 GiB at most"
        }
    }
}
