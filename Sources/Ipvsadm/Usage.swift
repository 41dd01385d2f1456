// What `-h` and `-v` print. The version is that of the program whose behaviour this has, in its form,
// since scripts look for it.

import Dataplane

enum Usage {
    static let version = "ipvsadm v1.31 2019/12/24 (compiled with weft and IPVS v1.2.1)\n"

    static func text(program: String) -> String {
        let schedulers = Scheduler.allCases.map(\.rawValue).joined(separator: ", ")
        return version + """
            Changes and shows rules in a file, for a replay; no kernel is touched.

            Virtual services
              \(program) -A|-E SERVICE [-s SCHEDULER] [-b FLAG,...] [-p [SECONDS]] [-M NETMASK] [-o]
              \(program) -D SERVICE
              \(program) -C
            Real servers
              \(program) -a|-e SERVICE -r HOST[:PORT] [-g|-m|-i] [-w WEIGHT] [-x UPPER] [-y LOWER]
              \(program) -d SERVICE -r HOST[:PORT]
              with -i: [--tun-type ipip|gue|gre] [--tun-port PORT]
                       [--tun-nocsum|--tun-csum|--tun-remcsum]
            All of them
              \(program) [-L [SERVICE]] [-n] [--stats|--rate|--thresholds|--persistent-conn|--tun-info]
              \(program) -L [--exact] [--nosort] [-c|--timeout|--daemon]
              \(program) -S [-n] > FILE
              \(program) -R < FILE
              \(program) -Z [SERVICE]
              \(program) --set TCP TCPFIN UDP

            SERVICE     -t HOST[:PORT], -u HOST[:PORT], --sctp-service HOST[:PORT], -f MARK [-6]
            HOST        an IPv4 address, an IPv6 address (in brackets if a port follows), or a name
                        from /etc/hosts; PORT a number or a name from /etc/services
            SCHEDULER   \(schedulers); wlc if none is given
            FLAG        sh-fallback, sh-port, mh-fallback, mh-port
            --rules FILE names the rules file; without it, WEFT_RULES does.

            """
    }
}
