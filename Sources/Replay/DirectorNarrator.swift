// Puts a director's decisions into words: the comments that Wireshark shows beside each packet that it
// sent. Invariant: a comment says only what the connection table knows, in ipvsadm's words.

import Dataplane
import Wire

enum DirectorNarrator {
    /// On a packet that goes out; `sight` is what is known of the packet that came in.
    static func comment(
        _ frame: Frame, hasPorts: Bool, _ sight: DirectorSight?
    ) -> String {
        let number = "packet \(frame.id): "
        if frame.isGenerated { return number + "made by the director" }
        guard let sight else {
            return number + (hasPorts ? "no connection, routed" : "sent on")
        }
        let service = sight.virtualServer.map { "\($0.text)" } ?? "a deleted service"
        var text = sight.isRequest ? "\(service)" : "reply for \(service)"
        if let server = sight.server {
            let arrow = sight.isRequest ? "->" : "from"
            text += " \(arrow) \(EndpointText.of(server, sight.serverPort))"
        }
        if let method = sight.method { text += " \(method.word)" }
        if let state = sight.stateName { text += ", \(state)" }
        return number + text
    }
}
