// Goal: commands, listings, messages and exit codes are those of ipvsadm 1.31 on Linux 6.1. Method:
// every command of every recorded transcript, in order, on rules that start empty; what is printed
// and how it ends must be equal to the recording.

import Dataplane
import Ipvsadm
import Testing
import Wire

@Suite struct TranscriptTests {
    @Test(arguments: Transcript.all)
    func `commands answer as the real program did`(transcript: Transcript) {
        #expect(!transcript.steps.isEmpty)
        // The recorder's host is 10.2.0.1/16.
        var rules = DirectorRules(key: HashKey(k0: 1, k1: 2))
        rules.broadcasts = [IPv4Address(10, 2, 255, 255)]
        var session = IpvsadmSession(
            rules,
            names: NameTable(
                hosts: Transcript.text("hosts"), services: Transcript.text("services")))
        for step in transcript.steps {
            let outcome = session.run(step.words, input: { step.input })
            let place = "\(transcript.name):\(step.line): \(step.words.joined(separator: " "))"
            #expect(outcome.output == Self.expectedOutput(of: step), "\(place)")
            #expect(outcome.message == step.message, "\(place)")
            #expect(outcome.exitCode == step.exitCode, "\(place)")
        }
    }

    /// The version names the library that the program was built with.
    private static func expectedOutput(of step: Transcript.Step) -> String {
        step.output.replacing("compiled with popt", with: "compiled with weft")
    }
}
