// How the command ends: 0 done, 1 an assertion asked for did not hold, and sysexits(3) for the rest.
// Messages go to standard error, in the form `weft: what is wrong`.

import ArgumentParser
import Capture
import Glibc

enum Exit {
    static let assertion = ExitCode(1)
    static let usage = ExitCode(64)
    static let badInput = ExitCode(65)
    static let noInput = ExitCode(66)
    static let cannotCreate = ExitCode(73)
}

enum Message {
    /// One line on standard error.
    static func write(_ text: String) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            put("weft: \(line)\n")
        }
    }

    /// Says what is wrong and ends with `code`.
    static func fail(_ error: any Error, _ code: ExitCode) -> ExitCode {
        write("\(error)")
        return code
    }

    /// Why the last call of the system failed, in its words.
    static var systemError: String { unsafe String(cString: strerror(errno)) }

    static func put(_ text: String) {
        _ = unsafe text.withCString { unsafe Glibc.write(2, $0, strlen($0)) }
    }
}

extension CaptureError {
    /// 66 when the file could not be opened, 65 when what is in it is wrong.
    var inputExit: ExitCode {
        switch fault {
        case .system(call: "open", _), .isDirectory: Exit.noInput
        default: Exit.badInput
        }
    }

    /// 64 when the command named a file that it must not write, 73 when it could not.
    var outputExit: ExitCode {
        switch fault {
        case .isInput, .isOutput, .isTerminal: Exit.usage
        default: Exit.cannotCreate
        }
    }
}
