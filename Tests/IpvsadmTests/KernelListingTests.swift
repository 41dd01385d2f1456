// Goal: listings with real counts and connections in them are set as ipvsadm sets them. Method: every
// `list` step of the kernel fixtures is read word by word into what it tells, printed again, and
// compared line for line; `-Sn` goes through rules. Fixtures have no spaces at the ends of lines.

import Dataplane
import Foundation
import Ipvsadm
import Testing
import Wire

@Suite struct KernelListingTests {
    struct Listing {
        var place: String
        var words: [String]
        var lines: [String] = []
    }

    static let listings: [Listing] = {
        let directory = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "DirectorTests/Fixtures/kernel")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path())) ?? []
        return names.sorted().flatMap { name in
            read(name, (try? String(contentsOf: directory.appending(path: name), encoding: .utf8)))
        }
    }()

    private static func read(_ name: String, _ text: String?) -> [Listing] {
        var listings: [Listing] = []
        var isInside = false
        for (index, line) in (text ?? "").split(separator: "\n").enumerated() {
            if line.hasPrefix("list ") {
                let words = line.dropFirst(5).split(separator: " ").map(String.init)
                listings.append(Listing(place: "\(name):\(index + 1)", words: words))
            } else if line.hasPrefix("|"), isInside, let last = listings.indices.last {
                listings[last].lines.append(String(line.dropFirst(2)))
            }
            isInside = line.hasPrefix("list ") || isInside && line.hasPrefix("|")
        }
        return listings
    }

    @Test func `there is every kind of listing`() {
        #expect(Self.listings.count > 500)
        let lines = Self.listings.flatMap(\.lines)
        for part in ["SCTP", "FWM", "[fd00::1]:80", "ESTABLISHED", "Tunnel", "persistent"] {
            #expect(lines.contains { $0.contains(part) }, "\(part)")
        }
    }

    @Test func `what a listing tells is printed as it was`() throws {
        for listing in Self.listings {
            guard case .list(let request) = try IpvsadmCommand(listing.words) else { continue }
            let text: String
            switch request.subject {
            case .connections:
                let entries = listing.lines.dropFirst(2).compactMap(ListingReader.connection)
                // Templates and entries without a name of a state are still entries.
                #expect(entries.count == listing.lines.count - 2, "\(listing.place)")
                text = ConnectionListing(request).text(entries)
            case .everything, .service:
                let services = ListingReader.services(listing.lines, request.columns)
                let banner = request.subject == .everything ? ServiceListing.banner : ""
                text = banner + ServiceListing(request).text(services)
            case .timeouts, .daemons: continue
            }
            let hidden = text.replacing(" 00:00 ", with: " MM:SS ")
            #expect(Self.trimmed(hidden) == listing.lines, "\(listing.place)")
        }
    }

    /// Story: each line copied all lines before it, and a listing after a million packets took minutes.
    @Test(.timeLimit(.minutes(1))) func `a long listing takes time by its length`() throws {
        let line = "TCP MM:SS  ESTABLISHED 203.0.113.7:40000  10.0.0.1:80        10.2.1.1:80"
        let entry = try #require(ListingReader.connection(line))
        let text = ConnectionListing(ListRequest()).text(Array(repeating: entry, count: 100_000))
        #expect(text.utf8.count { $0 == UInt8(ascii: "\n") } == 100_002)
    }

    @Test func `saved rules give themselves when restored`() throws {
        for listing in Self.listings where listing.words == ["-Sn"] {
            var session = IpvsadmSession(DirectorRules(key: HashKey(k0: 1, k1: 2)))
            let text = listing.lines.map { $0 + "\n" }.joined()
            let outcome = session.run(["-R"], input: { text })
            #expect(outcome.exitCode == 0, "\(listing.place): \(outcome.message)")
            #expect(session.run(["-Sn"]).output == text, "\(listing.place)")
        }
    }

    private static func trimmed(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
