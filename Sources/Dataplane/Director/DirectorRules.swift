// The rules of a director: virtual servers, their real servers, marks and settings.
//
// To be filled in; see the branch's tasks.

import Wire

public struct DirectorRules: Sendable {
    public internal(set) var virtualServers: [VirtualServer] = []
    public internal(set) var servers: [RealServer] = []
    public internal(set) var settings = DirectorSettings()
    public internal(set) var marks: [MarkRule] = []

    public init() {}
}
