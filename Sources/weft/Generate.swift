// `weft generate`: a deterministic trace from a seed, for benchmarks and tests.
//
// Frames go to a capture file or, with `-o -`, to standard output; what is said of them goes to
// standard error. Invariant: nothing but the arguments decides what is written.

import ArgumentParser
import Capture
import Traffic

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make a trace of client traffic from a seed.",
        discussion: """
            The same arguments give the same bytes on every machine. A share is a percentage (0.5%) or \
            a ratio (1/200). Without --target, traffic goes to the published ports of \
            bench-data/stacks/bench.yml on all its nodes.

            weft generate --flows 10000 --packets 100000 -o trace.pcap
            weft generate --target tcp/192.0.2.11:80 --both-directions -o - | tcpdump -nr -
            """)

    @Option(
        name: [.customShort("o"), .customShort("w"), .customLong("output")],
        help: "Where to write: pcapng if it ends in .pcapng, else pcap; - is standard output.",
        completion: .file())
    var output: String

    @OptionGroup(title: "Traffic") var traffic: GenerateTraffic
    @OptionGroup(title: "Time and place") var place: GeneratePlace

    func run() throws {
        do {
            try write(TrafficGenerator(specification()))
        } catch let error as TrafficError {
            throw Message.fail(error, Exit.usage)
        } catch let error as CaptureError {
            throw Message.fail(error, error.outputExit)
        }
    }

    private func specification() throws(TrafficError) -> TrafficSpecification {
        var specification = TrafficSpecification()
        traffic.apply(to: &specification)
        place.apply(to: &specification)
        try traffic.applyShares(to: &specification)
        return specification
    }

    private func write(_ generator: TrafficGenerator) throws(CaptureError) {
        let summary: GeneratedSummary
        if output.hasSuffix(".pcapng") {
            summary = try generator.write(to: PcapNGTrace(path: output))
        } else {
            summary = try generator.write(to: PcapWriter(path: output, linkType: .ethernet))
        }
        Message.write("\(output): \(summary), seed \(traffic.seed)")
    }
}
