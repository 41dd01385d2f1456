// What ipvsadm says on standard error and how it ends, for everything that is refused: by its
// grammar (exit code 2, or 255 where not even an option was understood), by the kernel's rules (255),
// and by a listing of what is not there (1). The texts are those of ipvsadm 1.31, recorded from it.

public struct IpvsadmError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Without the last line's end.
    public var message: String
    public var exitCode: Int32

    public init(_ message: String, exitCode: Int32) {
        self.message = message
        self.exitCode = exitCode
    }

    public var description: String { message }

    /// What the arguments say is wrong.
    static func usage(_ message: String) -> Self { Self(message, exitCode: 2) }

    /// Arguments that do not start with a command.
    static func noCommand(program: String) -> Self {
        Self(
            "Try `\(program) -h' or '\(program) --help' for more information.", exitCode: 255)
    }

    /// What the rules in force do not allow.
    static func refused(_ message: String) -> Self { Self(message, exitCode: 255) }

    static let noSuchService = "No such service"
    static let invalidOperation =
        "Invalid operation.  Possibly wrong module version, address not unicast, ..."
    static let noScheduler = "Scheduler or persistence engine not found"
    static let outOfRange = "Numerical result out of range"
}
