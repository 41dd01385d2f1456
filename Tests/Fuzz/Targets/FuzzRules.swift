// Rules files, settings, marks and links of any text: what is refused changes nothing and names a line
// of the text; what is taken can be printed and read again as the same rules.

import Dataplane
import Ipvsadm
import Wire

func fuzzRules(_ bytes: [UInt8]) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    if let complaint = surroundingsComplaint(text) { return complaint }
    let key = HashKey(k0: 1, k1: 2)
    var rules = DirectorRules(key: key)
    do throws(RulesFileError) {
        try rules.restore(text, file: "input")
    } catch {
        let lineCount = bytes.count { $0 == UInt8(ascii: "\n") } + 1
        guard (1...lineCount).contains(error.line) else { return "the error has no line" }
        return rules.savedText == DirectorRules(key: key).savedText
            ? nil : "a wrong rule leaves others behind"
    }
    guard rules.checkInvariants() else { return "an invariant of the rules does not hold" }
    let saved = rules.savedText
    var again = DirectorRules(key: key)
    do throws(RulesFileError) {
        try again.restore(saved, file: "saved")
    } catch {
        return "what was saved is refused: \(error)"
    }
    return again.savedText == saved ? nil : "what was saved is read as other rules"
}

/// Each reader ends, with a value or an error that has its line.
private func surroundingsComplaint(_ text: String) -> String? {
    do throws(IptablesText.Failure) {
        _ = try IptablesText.marks(in: text, file: "input")
    } catch {
        let lineCount = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .count
        guard (1...lineCount).contains(error.line) else { return "a mark's error has no line" }
    }
    _ = try? MarkRule(text: text)
    _ = try? DirectorLink(text: text, position: 0)
    var settings = DirectorSettings()
    let before = settings
    do throws(SurroundingsError) {
        try settings.set(sysctl: text)
    } catch {
        return settings == before ? nil : "a wrong setting changes another"
    }
    return nil
}
