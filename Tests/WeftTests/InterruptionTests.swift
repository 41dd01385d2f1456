// Goal: a replay that is interrupted ends with whole files and a report of what it had read, and by the
// signal; one that was told to ignore the signal goes on. Method: the binary in a shell, which waits until
// packets are in a file, sends SIGINT, and says how the replay ended.

import Foundation
import Testing

@Suite struct InterruptionTests {
    /// Replays with `signals` for SIGINT, as coreutils' env has it, interrupted once packets are on disk.
    private func interrupt(
        _ signals: String, loopCount: Int, _ body: (Finished, String) throws -> Void
    ) throws {
        try WeftProcess.withFile("here", Data()) { path in
            let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
            let script = """
                cd '\(directory)'
                /usr/bin/env \(signals) '\(WeftProcess.binary)' replay \
                    -c '\(WeftProcess.data("stacks/bench.yml"))' \
                    -i '\(WeftProcess.data("traces/generated.pcap"))' \
                    --loop \(loopCount) -o out &
                for turn in $(seq 300); do
                    [ -s out/node1.pcapng ] && break
                    sleep 0.1
                done
                kill -INT $!
                wait $!
                echo "ended $?"
                """
            let finished = try WeftProcess.run("/bin/sh", ["-c", script])
            try body(finished, "\(directory)/out")
        }
    }

    @Test func `what was read before an interruption is reported and whole`() throws {
        try interrupt("--default-signal=INT", loopCount: 200) { finished, directory in
            #expect(finished.lines.last == "ended 130")
            let ledger = finished.lines.first { $0.hasPrefix("Ledger: ") }
            #expect(ledger?.hasSuffix("balanced") == true)
            let received = ledger?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            // The passes are not over, and it stopped where it had looked.
            #expect((65_536..<20_000_000).contains(received ?? 0))
            for name in ["node1", "bench_web.1"] {
                let info = try WeftProcess.weft(["pcap", "info", "\(directory)/\(name).pcapng"])
                #expect(info.status == 0 && info.errors == "", "\(info.errors)")
            }
        }
    }

    @Test func `an interruption that is ignored on its behalf does not end it`() throws {
        try interrupt("--ignore-signal=INT", loopCount: 1) { finished, _ in
            #expect(finished.lines.last == "ended 0")
            #expect(finished.output.contains("Ledger: 100000 received"))
        }
    }
}
