// The kernel's state tables written out as it writes them, with short names of states, and read
// back here: the other side of `TCPState` and `SCTPState`, which hold them as numbers. From
// net/netfilter/ipvs/ip_vs_proto_tcp.c and ip_vs_proto_sctp.c.

import Dataplane
import Wire

/// Which table of a protocol a packet is looked up in.
enum StateTable: CaseIterable {
    case input, output, inputOnly
}

struct StateMachine: Sendable {
    let proto: IPProtocol
    /// By short name: the name that is listed, whether it counts as active, seconds.
    let states: [(short: String, name: String, isActive: Bool, seconds: Int)]
    let events: [String]
    private let rows: [StateTable: [[Int]]]

    private init(
        _ proto: IPProtocol, states: String, events: String, _ tables: [StateTable: String]
    ) {
        self.proto = proto
        self.states = states.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            return (words[0], words[1], words[2] == "active", Int(words[3]) ?? 0)
        }
        self.events = events.split(separator: " ").map(String.init)
        let names = self.states.map(\.short)
        rows = tables.mapValues { text in
            text.split(separator: "\n").map { line in
                line.split(separator: " ").map { names.firstIndex(of: String($0)) ?? -1 }
            }
        }
    }

    /// The state after an event; one that no row is for closes a TCP connection.
    func after(_ state: Int, _ event: String, _ table: StateTable) -> Int {
        guard let row = events.firstIndex(of: event), let rows = rows[table] else { return 6 }
        return rows[row][state]
    }

    /// The transport header of a packet with the event.
    func header(_ event: String) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 20)
        if proto == .sctp {
            let types: [UInt8] = [0, 1, 2, 10, 11, 7, 8, 14, 9, 6]
            bytes[12] = types[events.firstIndex(of: event) ?? 0]
            bytes[15] = 4
        } else {
            let flags: [String: UInt8] = ["syn": 2, "fin": 1, "ack": 0x10, "rst": 4]
            bytes[12] = 0x50
            bytes[13] = flags[event] ?? 0
        }
        return bytes
    }

    private static let tcpStates = """
        NO NONE inactive 2
        ES ESTABLISHED active 900
        SS SYN_SENT active 120
        SR SYN_RECV active 60
        FW FIN_WAIT inactive 120
        TW TIME_WAIT inactive 120
        CL CLOSE inactive 10
        CW CLOSE_WAIT inactive 60
        LA LAST_ACK inactive 30
        LI LISTEN inactive 120
        SA SYNACK active 120
        """

    static let tcp = StateMachine(
        .tcp, states: tcpStates, events: "syn fin ack rst",
        [
            .input: """
            SR ES ES SR SR SR SR SR SR SR SR
            CL CW SS TW TW TW CL CW LA LI TW
            ES ES SS ES FW TW CL CW CL LI ES
            CL CL CL SR CL CL CL CL LA LI SR
            """,
            .output: """
            SS ES SS SR SS SS SS SS SS LI SR
            TW FW SS TW FW TW CL TW LA LI TW
            ES ES SS ES FW TW CL CW LA ES ES
            CL CL SS CL CL TW CL CL CL CL CL
            """,
            .inputOnly: """
            SR ES ES SR SR SR SR SR SR SR SR
            CL FW SS TW FW TW CL CW LA LI TW
            ES ES SS ES FW TW CL CW CL LI ES
            CL CL CL SR CL CL CL CL LA LI CL
            """,
        ])

    static let secureTCP = StateMachine(
        .tcp, states: tcpStates, events: "syn fin ack rst",
        [
            .input: """
            SR ES ES SR SR SR SR SR SR SR SA
            CL CW SS TW TW TW CL CW LA LI SA
            ES ES SS SR FW TW CL CW CL LI SA
            CL CL CL SR CL CL CL CL LA LI CL
            """,
            .output: """
            SS ES SS SA SS SS SS SS SS LI SA
            TW FW SS TW FW TW CL TW LA LI TW
            ES ES SS ES FW TW CL CW LA ES ES
            CL CL SS CL CL TW CL CL CL CL CL
            """,
            .inputOnly: """
            SA ES ES SR SA SA SA SA SA SA SA
            CL FW SS TW FW TW CL CW LA LI TW
            ES ES SS ES FW TW CL CW CL LI ES
            CL CL CL SR CL CL CL CL LA LI CL
            """,
        ])

    static let sctp = StateMachine(
        .sctp,
        states: """
            NO NONE inactive 2
            I1 INIT1 inactive 4
            IN INIT inactive 61
            CS C-SENT inactive 61
            CR C-REPLIED inactive 61
            CW C-WAIT inactive 61
            CO COOKIE inactive 61
            CE C-ECHOED inactive 61
            ES ESTABLISHED active 900
            SS S-SENT inactive 61
            SR S-RECEIVED inactive 61
            SA S-ACK-SENT inactive 61
            RJ REJECTED inactive 4
            CL CLOSED inactive 61
            """,
        events:
            "data init init-ack cookie-echo cookie-ack shutdown shutdown-ack complete error abort",
        [
            .input: """
            ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL
            I1 IN IN CS CR CW CO CE ES SS SR SA IN IN
            CW CW CW CS CR CO CO CE ES SS SR SA RJ CL
            CR IN IN CR CR CW CO CE ES SS SR SA RJ CL
            ES I1 IN CS CR CW CO ES ES SS SR SA RJ CL
            SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL
            CL IN IN CS CR CW CO CE ES CL SR CL RJ CL
            CL CL CL CS CR CW CO CE ES SS SR CL RJ CL
            CL I1 IN CS CR CW CO CL ES SS SR SA RJ CL
            CL CL CL CL CL RJ CL CL CL CL CL CL CL CL
            """,
            .output: """
            ES I1 IN CS CR CW CO CE ES SS SR SA RJ CL
            CW CW CW CW CW CW CW CW ES CW CW CW CW CW
            CS CS CS CS CR CW CO CE ES SS SR SA RJ CL
            CE CE CE CE CE CE CE CE ES SS SR SA RJ CL
            ES ES ES ES ES ES ES ES ES SS SR SA RJ CL
            SS SS SS SS SS SS SS SS SS SS SR SA RJ CL
            SA SA SA SA SA CW CO CE ES SA SA SA RJ CL
            CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL
            CL CL CL CL CL CW CO CE ES SS SR SA RJ CL
            CL RJ CL CL CL CL CL CL CL CL CL CL CL CL
            """,
            .inputOnly: """
            ES I1 IN CS CR ES CO CE ES SS SR SA RJ CL
            I1 IN IN IN IN IN CO CE ES SS SR SA IN IN
            CE CE CE CE CE CE CO CE ES SS SR SA RJ CL
            ES ES ES ES ES ES CO CE ES SS SR SA RJ CL
            ES I1 IN ES ES CW ES ES ES SS SR SA RJ CL
            SR I1 IN CS CR CW CO CE SR SS SR SA RJ CL
            CL IN IN CS CR CW CO CE CL CL SR CL RJ CL
            CL CL CL CL CL CW CO CE ES SS CL CL RJ CL
            CL I1 IN CS CR CW CO CE ES SS SR SA RJ CL
            CL CL CL CL CL RJ CL CL CL CL CL CL CL CL
            """,
        ])
}

extension TransportEvent {
    init(_ proto: IPProtocol, bytes: [UInt8]) {
        self = unsafe TransportEvent(proto, bytes.span.bytes)
    }
}
