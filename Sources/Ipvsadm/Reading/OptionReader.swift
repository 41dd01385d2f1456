// Takes options and their arguments out of a command's words, in the order and with the licences of
// popt(3): letters can be joined, an argument may follow its letter at once or behind `=`, words
// that are no options may stand anywhere, and `--` ends the options.
//
// Invariant: `word` is the word last taken, which is what ipvsadm names when an option is wrong.

struct OptionReader {
    private let words: [String]
    /// Of the next word to take.
    private var index = 0
    /// What is left of a word of joined letters.
    private var letters: Substring = ""
    private var isPastOptions = false
    /// Words that are no options.
    private(set) var arguments: [String] = []

    enum Fault: String {
        case unknown = "unknown option"
        case missingArgument = "missing argument"
        case unwantedArgument = "option does not take an argument"
    }

    enum Step {
        case option(Option, argument: String?)
        case fault(Fault)
        case end
    }

    init(_ words: [String]) { self.words = words }

    var word: String { index > 0 ? words[index - 1] : "" }

    mutating func next() -> Step {
        while letters.isEmpty {
            guard index < words.count else { return .end }
            let word = words[index]
            index += 1
            if isPastOptions || !word.hasPrefix("-") || word == "-" {
                arguments.append(word)
            } else if word == "--" {
                isPastOptions = true
            } else if word.hasPrefix("--") {
                return long(word.dropFirst(2))
            } else {
                letters = word.dropFirst()
            }
        }
        return letter()
    }

    private mutating func long(_ text: Substring) -> Step {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let (option, argument) = Option.named(parts[0]) else { return .fault(.unknown) }
        return step(option, argument, given: parts.count > 1 ? String(parts[1]) : nil)
    }

    private mutating func letter() -> Step {
        let found = Option.lettered(letters.removeFirst())
        guard let (option, argument) = found else { return .fault(.unknown) }
        if letters.hasPrefix("=") {
            let given = String(letters.dropFirst())
            letters = ""
            return step(option, argument, given: given)
        }
        guard argument != .none, !letters.isEmpty else {
            return step(option, argument, given: nil)
        }
        let given = String(letters)
        letters = ""
        return step(option, argument, given: given)
    }

    private mutating func step(
        _ option: Option, _ argument: Option.Argument, given: String?
    ) -> Step {
        switch argument {
        case .none:
            return given == nil ? .option(option, argument: nil) : .fault(.unwantedArgument)
        case _ where given != nil:
            return .option(option, argument: given)
        case .optional where index == words.count || words[index].hasPrefix("-"):
            return .option(option, argument: nil)
        case .required where index == words.count:
            return .fault(.missingArgument)
        case .optional, .required:
            index += 1
            return .option(option, argument: words[index - 1])
        }
    }
}
