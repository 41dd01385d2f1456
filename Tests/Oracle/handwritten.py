# Scenarios written by hand: the plain cases that a reader wants first, and the sharp corners that
# were only found by running the kernel. Each says in its title what it shows.

import frames
from scenario import Scenario, client, server, tcp_exchange, virtual


def write():
    basics()
    not_hosts()
    corners()
    choices()


def basics():
    s = Scenario("basic-tcp-nat",
                 "One TCP connection through masquerading, from SYN to the last ACK")
    s.service("t", "rr", virtual(), 80, [server(1), server(2)], target_port=8080)
    tcp_exchange(s, client(0), 1024, virtual(), 80,
                 "c:S s:SA c:A c:PA s:A s:PA c:A c:FA s:A s:FA c:A", b"hello")
    s.list("-Ln")
    s.list("-Lnc")
    s.wait(2.3)
    s.list("-Ln --stats")
    s.list("-Sn")

    s = Scenario("basic-tcp-nat6", "One TCP connection through masquerading over IPv6")
    s.service("t", "rr", virtual(1, True), 80, [server(1, True), server(2, True)], target_port=8080)
    tcp_exchange(s, client(0, True), 1024, virtual(1, True), 80,
                 "c:S s:SA c:A c:PA s:A s:PA c:A c:FA s:A s:FA c:A", b"hello")
    s.list("-Ln")
    s.list("-Lnc")
    s.list("-Sn")

    s = Scenario("basic-rr", "Round robin hands six clients to three servers, newest server first")
    s.service("t", "rr", virtual(), 80, [server(n) for n in (1, 2, 3)])
    for n in range(6):
        tcp_exchange(s, client(n), 1024, virtual(), 80, "c:S s:SA c:A")
    s.list()
    s.list("-Lnc")

    for six in (False, True):
        suffix = "6" if six else ""
        s = Scenario(f"basic-udp{suffix}",
                     f"UDP through each way of forwarding, IPv{6 if six else 4}")
        for port, forward in ((53, "-m"), (54, "-g"), (55, "-i"),
                              (56, "-i --tun-type gre"), (57, "-i --tun-type gre --tun-csum"),
                              (58, "-i --tun-type gue --tun-port 6080"),
                              (59, "-i --tun-type gue --tun-port 6080 --tun-nocsum"),
                              (60, "-i --tun-type gue --tun-port 6080 --tun-csum"),
                              (61, "-i --tun-type gue --tun-port 6080 --tun-remcsum")):
            s.service("u", "rr", virtual(1, six), port, [server(1, six)], forward)
            s.from_client(frames.udp(client(0, six), virtual(1, six), 1024, port, b"question"))
            s.answer("server", "udp", payload=b"answer".hex())
        s.list()
        s.list("-Lnc")

    s = Scenario("basic-no-server",
                 "A service without servers answers port unreachable, also to TCP")
    s.rule("-A -t 10.0.0.1:80 -s rr")
    s.rule("-A -u 10.0.0.1:53 -s rr")
    s.rule("-A -t [fd00::1]:80 -s rr")
    s.from_client(frames.tcp(client(0), virtual(), 1024, 80, "S"))
    s.from_client(frames.tcp(client(0), virtual(), 1024, 80, "A"))
    s.from_client(frames.udp(client(0), virtual(), 1024, 53, b"x"))
    s.from_client(frames.tcp(client(0, True), virtual(1, True), 1024, 80, "S"))
    s.list()

    s = Scenario("basic-ttl",
                 "Time to live 1 and 2 through each way of forwarding, both IP versions")
    for six in (False, True):
        for port, forward in ((53, "-m"), (54, "-g"), (55, "-i")):
            s.service("u", "rr", virtual(1, six), port, [server(1, six)], forward)
            for ttl in (1, 2):
                s.from_client(frames.udp(client(0, six), virtual(1, six), 1024, port, b"x",
                                         ttl=ttl))
                s.answer("server", "udp", ttl=ttl)

    s = Scenario("basic-rules", "What rule changes are refused, with ipvsadm's words")
    s.rule("-A -t 10.0.0.1:80 -s wrr")
    s.bad_rule("-A -t 10.0.0.1:80 -s rr")
    s.rule("-a -t 10.0.0.1:80 -r 10.2.1.2:80 -m -w 3")
    s.bad_rule("-a -t 10.0.0.1:80 -r 10.2.1.2:80 -m")
    s.bad_rule("-a -t 10.0.0.1:81 -r 10.2.1.2:80 -m")
    s.bad_rule("-e -t 10.0.0.1:80 -r 10.2.1.3:80 -m")
    s.bad_rule("-d -t 10.0.0.1:80 -r 10.2.1.3:80")
    s.bad_rule("-D -t 10.0.0.1:81")
    s.bad_rule("-A -t 10.0.0.1:82 -s twos")
    s.rule("-a -t 10.0.0.1:80 -r 10.2.1.3:81 -g")
    s.bad_rule("-a -t 10.0.0.1:80 -r 10.2.1.3:80 -g")
    s.bad_rule("-A -u 10.0.0.1:0 -s rr")
    s.bad_rule("-A -t 10.0.0.1:80 -s rr -o")
    s.list()
    s.list("-Sn")


def not_hosts():
    s = Scenario("rules-not-unicast", "Addresses that no real server can have")
    s.rule("-A -t 10.0.0.1:80 -s rr")
    s.rule("-A -t [fd00::1]:80 -s rr")
    for address in ("127.255.255.255", "255.255.255.255", "224.0.0.1", "239.1.2.3", "0.0.0.0",
                    "10.2.255.255"):
        s.bad_rule(f"-a -t 10.0.0.1:80 -r {address}:80")
    for address in ("ff02::1", "::"):
        s.bad_rule(f"-a -t [fd00::1]:80 -r [{address}]:80")
    for address in ("127.0.0.1", "127.255.255.254", "10.2.0.0", "240.0.0.1"):
        s.rule(f"-a -t 10.0.0.1:80 -r {address}:80")
    s.list()


def corners():
    s = Scenario("corner-null-segment",
                 "A TCP segment without SYN, FIN, ACK or RST closes the entry")
    s.service("t", "rr", virtual(), 80, [server(1)])
    tcp_exchange(s, client(0), 1024, virtual(), 80, "c:S s:SA c:A")
    s.list("-Lnc")
    s.from_client(frames.tcp(client(0), virtual(), 1024, 80, "", seq=9))
    s.list("-Lnc")

    for sloppy in (0, 1):
        s = Scenario(f"corner-sloppy-tcp-{sloppy}",
                     f"Which first segments are scheduled with sloppy_tcp {sloppy}")
        s.sysctl("sloppy_tcp", sloppy)
        s.service("t", "rr", virtual(), 80, [server(1), server(2)])
        for n, flags in enumerate(["A", "F", "FA", "R", "RA", "SR", "", "P", "U", "S", "SA", "SF"]):
            s.from_client(frames.tcp(client(n), virtual(), 1024, 80, flags))
        s.list()
        s.list("-Lnc")

    for mode in range(4):
        s = Scenario(f"corner-reuse-{mode}",
                     f"A SYN meets entries in every state, conn_reuse_mode {mode}")
        s.sysctl("conn_reuse_mode", mode)
        s.service("t", "rr", virtual(), 80, [server(n) for n in (1, 2, 3)])
        s.service("t", "rr", virtual(), 81, [server(n) for n in (1, 2, 3)], "-g")
        histories = ["c:S s:SA c:A c:FA s:FA c:A", "c:S s:SA c:A c:R", "c:S s:SA c:A c:FA",
                     "c:S s:SA c:A s:FA", "c:S s:SA c:A", "c:S", "c:S s:SA"]
        for port in (80, 81):
            for n, history in enumerate(histories):
                tcp_exchange(s, client(n), 1024, virtual(), port, history)
        s.list("-Lnc")
        for port in (80, 81):
            for n in range(len(histories)):
                tcp_exchange(s, client(n), 1024, virtual(), port, "c:S s:SA")
        s.list("-Lnc")
        s.list()

    for expire in (0, 1):
        s = Scenario(f"corner-nodest-{expire}",
                     f"Weight 0, removal and return of a server with expire_nodest_conn {expire}")
        s.sysctl("expire_nodest_conn", expire)
        s.service("t", "rr", virtual(), 80, [server(1), server(2)])
        for n in range(6):
            tcp_exchange(s, client(n), 1024, virtual(), 80, "c:S s:SA c:A")
        s.rule("-e -t 10.0.0.1:80 -r 10.2.1.1:80 -m -w 0")
        s.list()
        for n in range(6):
            tcp_exchange(s, client(n), 1024, virtual(), 80, "c:A" if n % 2 else "c:S")
        s.rule("-d -t 10.0.0.1:80 -r 10.2.1.2:80")
        s.list()
        for n in range(6):
            tcp_exchange(s, client(n), 1024, virtual(), 80, "c:A c:S")
        s.list("-Lnc")
        s.rule("-a -t 10.0.0.1:80 -r 10.2.1.2:80 -m")
        for n in range(6):
            tcp_exchange(s, client(n), 1024, virtual(), 80, "c:A c:S s:SA")
        s.list()
        s.list("-Lnc")


def choices():
    """What a scheduler does that its description would not make one expect."""
    for scheduler in ("sed", "nq", "ovf", "lc"):
        s = Scenario(f"corner-udp-{scheduler}",
                     f"UDP never counts as active: {scheduler} does not see it")
        s.service("u", scheduler, virtual(), 53, [server(n) for n in (1, 2, 3)], "-g",
                  weights=[1, 3, 2])
        for n in range(12):
            s.from_client(frames.udp(client(n), virtual(), 1024, 53, b"x"))
        s.list()

    for weights in ([2, 3, 4], [4, 3, 2], [1, 1, 2], [6, 3, 0], [5]):
        label = "".join(str(weight) for weight in weights)
        s = Scenario(f"corner-wrr-{label}",
                     f"Where wrr starts depends on how weights {weights} came")
        s.service("u", "wrr", virtual(), 53, [server(n + 1) for n in range(len(weights))], "-g",
                  weights=weights)
        for n in range(20):
            s.from_client(frames.udp(client(n), virtual(), 1024, 53, b"x"))
        s.rule(f"-e -u 10.0.0.1:53 -r {server(1)}:53 -g -w 7")
        for n in range(20):
            s.from_client(frames.udp(client(n), virtual(), 1025, 53, b"x"))
        s.list()

    s = Scenario("corner-lc-tie", "One active connection weighs as much as 256 inactive ones")
    s.service("t", "lc", virtual(), 80, [server(1)], "-g")
    for n in range(256):
        s.from_client(frames.tcp(client(n), virtual(), 1024, 80, "S"))
        s.from_client(frames.tcp(client(n), virtual(), 1024, 80, "FA"))
    s.rule(f"-a -t 10.0.0.1:80 -r {server(2)}:80 -g")
    s.list()
    for n in range(300, 304):
        s.from_client(frames.tcp(client(n), virtual(), 1024, 80, "S"))
        s.list()

    s = Scenario("corner-threshold",
                 "Three servers that take four each: twelve clients, then refusals")
    s.rule("-A -t 10.0.0.1:80 -s rr")
    for n in (1, 2, 3):
        s.rule(f"-a -t 10.0.0.1:80 -r {server(n)}:80 -g -x 4")
    for n in range(16):
        s.from_client(frames.tcp(client(n), virtual(), 1024, 80, "S"))
    s.list("-Ln --thresholds")

    s = Scenario("corner-hash-sum", "sh-port and mh-port add address and port: neighbours collide")
    for port, flags in ((53, "sh -b sh-port"), (54, "mh -b mh-port"), (55, "sh"), (56, "mh")):
        s.service("u", flags, virtual(), port, [server(n) for n in range(1, 8)], "-g")
        for n in range(1, 9):
            s.from_client(frames.udp(f"10.1.0.{10 + n}", virtual(), 2000 - n, port, b"x"))
    s.list()

    for scheduler in ("sh", "sh -b sh-fallback", "mh", "mh -b mh-fallback"):
        s = Scenario("corner-drained-" + scheduler.replace(" -b ", "-").replace("sh-sh", "sh")
                     .replace("mh-mh", "mh"),
                     f"A drained server keeps its buckets with {scheduler}")
        s.service("u", scheduler, virtual(), 53, [server(n) for n in (1, 2, 3)], "-g")
        for weight in (1, 0, 2):
            s.rule(f"-e -u 10.0.0.1:53 -r {server(2)}:53 -g -w {weight}")
            for n in range(12):
                s.from_client(frames.udp(client(n), virtual(), 1024 + weight, 53, b"x"))
        s.list()
