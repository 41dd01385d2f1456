// Verdicts as lines of JSON, schema weft.ipvs-verdict/1: one object for each packet of the trace and
// for each that the director made of it, in order. Times are nanoseconds since 1970, as numbers; what
// does not exist is left out.
//
//     frame      number of the packet in the trace, from 1; packets made of it have its number
//     made       true if the director made it
//     time       of the packet in the trace
//     verdict    transmitted, consumed, dropped or held
//     reason     why it was dropped, or by what it was consumed
//     link, bytes  where it left, and how many bytes of IP packet and link header it then had
//     service, server, forward, state  the connection it belongs to, as ipvsadm would list it; `reply`
//                says whether the packet came from the server

import Capture
import Dataplane
import Wire

struct VerdictWriter: ~Copyable {
    private var file: TextFile
    private let links: [String]

    init(path: String, links: [String], among files: inout FilesInUse) throws(CaptureError) {
        file = try TextFile(path: path, among: &files)
        self.links = links.map(Self.quoted)
    }

    mutating func write(
        _ frame: Frame, _ sight: DirectorSight?
    ) throws(CaptureError) {
        var line = "{\"frame\":\(frame.id)"
        if frame.isGenerated { line += ",\"made\":true" }
        line += ",\"time\":\(frame.timestamp),\"verdict\":"
        switch frame.verdict {
        case .transmitted(let egress):
            line += "\"transmitted\""
            if case .link(let link) = egress, Int(link.rawValue) < links.count {
                line += ",\"link\":\(links[Int(link.rawValue)])"
            }
            line += ",\"bytes\":\(frame.wireByteCount)"
        case .consumed(let kind): line += "\"consumed\",\"reason\":\"\(kind)\""
        case .dropped(let reason): line += "\"dropped\",\"reason\":\"\(reason)\""
        case .held: line += "\"held\""
        case .pending, .delivered: line += "\"none\""
        }
        if let sight { line += Self.text(sight) }
        try file.write(line + "}\n")
    }

    consuming func close() throws(CaptureError) { try file.close() }

    private static func text(_ sight: DirectorSight) -> String {
        var text = ""
        if let service = sight.virtualServer { text += ",\"service\":\"\(service.text)\"" }
        if let server = sight.server {
            text += ",\"server\":\"\(EndpointText.of(server, sight.serverPort))\""
        }
        if let method = sight.method { text += ",\"forward\":\"\(method.word)\"" }
        if let state = sight.stateName {
            text += ",\"state\":\"\(state)\",\"reply\":\(!sight.isRequest)"
        }
        return text
    }

    /// A JSON string.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case _ where scalar.value < 0x20:
                "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
