// What is wrong with the text that describes a director's surroundings: sysctls, marks, links and
// addresses, which ipvsadm has no words for.

public struct SurroundingsError: Error, Hashable, Sendable, CustomStringConvertible {
    public var message: String
    public init(_ message: String) { self.message = message }
    public var description: String { message }
}
