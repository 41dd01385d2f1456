# Scenarios about the connection table: random walks of TCP, UDP and SCTP from both sides through
# each way of forwarding, the timeouts, and the sysctls that change what a segment does.

import frames
from scenario import Scenario, client, server, tcp_exchange, virtual

TCP_OPTIONS = bytes.fromhex("020405b40402080a0000000100000000" + "01030307")
SCTP_CLIENT = ["INIT", "INIT", "COOKIE_ECHO", "COOKIE_ECHO", "DATA", "SACK", "SHUTDOWN",
               "SHUTDOWN_ACK", "SHUTDOWN_COMPLETE", "ABORT", "HEARTBEAT", "ERROR",
               "COOKIE_ECHO,DATA"]
SCTP_SERVER = ["INIT_ACK", "INIT_ACK", "COOKIE_ACK", "COOKIE_ACK", "DATA", "SACK", "SHUTDOWN",
               "SHUTDOWN_ACK", "SHUTDOWN_COMPLETE", "ABORT", "INIT", "HEARTBEAT_ACK"]
FORWARDS = {"nat": "-m", "route": "-g", "tunnel": "-i"}


def write():
    for six in (False, True):
        for label, forward in FORWARDS.items():
            for sysctls in ({}, {"secure_tcp": 3}, {"sloppy_tcp": 1, "conn_reuse_mode": 3}):
                tcp_walk(label, forward, six, sysctls)
            for sloppy in (0, 1):
                sctp_walk(label, forward, six, sloppy)
            for scenario_number in (1, 2):
                udp_walk(label, forward, six, scenario_number)
    sctp_whole()
    timeouts()
    drop_packet()


def tcp_walk(label, forward, six, sysctls):
    words = "-".join(name.replace("_", "-") for name in sysctls)
    s = Scenario(f"tcp{6 if six else 4}-{label}" + (f"-{words}" if words else ""),
                 f"Random TCP segments from both sides, {label}, {sysctls or 'as it is'}")
    for name, value in sysctls.items():
        s.sysctl(name, value)
    s.service("t", "rr", virtual(1, six), 80, [server(n, six) for n in (1, 2, 3)], forward,
              target_port=8080 if forward == "-m" else None)
    flags = ["S", "S", "A", "A", "PA", "FA", "FA", "F", "R", "RA", "SA", "SF", "SR", "", "U", "FPU",
             "SFRA", "SEC"]
    for step in range(100):
        n = s.random.randint(0, 8)
        source, port = client(n, six), 2000 + n
        if step < 30 and n < 6:
            tcp_exchange(s, source, port, virtual(1, six), 80, "c:S s:SA c:A")
        elif s.random.random() < 0.6:
            s.from_client(frames.tcp(
                source, virtual(1, six), port, 80, s.random.choice(flags),
                seq=s.random.getrandbits(32),
                ack=s.random.getrandbits(32), options=s.random.choice([b"", TCP_OPTIONS]),
                payload=s.random.choice([b"", b"abc"]), window=s.random.getrandbits(16),
                check=s.random.choice([None] * 9 + ["bad"])))
        else:
            s.answer("server", "tcp", flags=s.random.choice(["SA", "A", "PA", "FA", "R", "S", "F"]),
                     of=f"{source},{port}", payload=s.random.choice(["", "6f6b"]),
                     options=s.random.choice(["", TCP_OPTIONS.hex()]))
        if step % 20 == 19:
            s.list("-Lnc")
    s.list("-Ln")


def sctp_walk(label, forward, six, sloppy):
    s = Scenario(f"sctp{6 if six else 4}-{label}-sloppy{sloppy}",
                 f"Random SCTP chunks from both sides, {label}, sloppy_sctp {sloppy}")
    s.sysctl("sloppy_sctp", sloppy)
    place = virtual(1, six)
    s.rule(f"-A --sctp-service {'[%s]' % place if six else place}:9 -s rr")
    for n in (1, 2, 3):
        there = server(n, six)
        s.rule(f"-a --sctp-service {'[%s]' % place if six else place}:9 -r "
               f"{'[%s]' % there if six else there}:{10 if forward == '-m' else 9} {forward}")
    for step in range(90):
        n = s.random.randint(0, 7)
        source, port = client(n, six), 3000 + n
        if step < 12 and n < 5:
            for kinds, reply in (("INIT", "INIT_ACK"), ("COOKIE_ECHO", "COOKIE_ACK")):
                s.from_client(frames.sctp(source, place, port, 9, kinds, tag=1))
                s.answer("server", "sctp", chunks=reply, of=f"{source},{port}")
        elif s.random.random() < 0.6:
            s.from_client(frames.sctp(source, place, port, 9, s.random.choice(SCTP_CLIENT), tag=2,
                                      check=s.random.choice([None] * 9 + ["bad"])))
        else:
            s.answer("server", "sctp", chunks=s.random.choice(SCTP_SERVER), of=f"{source},{port}")
        if step % 18 == 17:
            s.list("-Lnc")
    s.list("-Ln")


def sctp_whole():
    s = Scenario("sctp-whole",
                 "An SCTP association from INIT to SHUTDOWN COMPLETE, listed each step")
    s.rule("-A --sctp-service 10.0.0.1:9 -s rr")
    s.rule(f"-a --sctp-service 10.0.0.1:9 -r {server(1)}:10 -m")
    for kinds, reply in (("INIT", "INIT_ACK"), ("COOKIE_ECHO,DATA", "COOKIE_ACK,SACK"),
                         ("DATA", "SACK"), ("SHUTDOWN", "SHUTDOWN_ACK"), ("SHUTDOWN_COMPLETE", "")):
        s.from_client(frames.sctp(client(0), virtual(), 3000, 9, kinds, tag=1))
        s.list("-Lnc")
        if reply:
            s.answer("server", "sctp", chunks=reply)
            s.list("-Lnc")
        s.list("-Ln")


def udp_walk(label, forward, six, number):
    s = Scenario(f"udp{6 if six else 4}-{label}-{number}",
                 "Random UDP datagrams, empty, without or with a wrong checksum, cut short, "
                 + label)
    flags = "-o" if number == 2 else ""
    s.service("u", "rr", virtual(1, six), 53, [server(n, six) for n in (1, 2, 3)], forward, flags,
              target_port=5353 if forward == "-m" else None)
    for step in range(60):
        n = s.random.randint(0, 9)
        source, port = client(n, six), 4000 + n
        if s.random.random() < 0.65:
            packet = frames.udp(source, virtual(1, six), port, 53,
                                bytes(s.random.randint(0, 20)),
                                s.random.choice([None] * 4 + [0, "bad"]),
                                tos=s.random.choice([0, 1, 3, 0xB8]))
            if s.random.random() < 0.08:
                body = packet[40 if six else 20:][:s.random.randint(0, 7)]
                packet = frames.ip(source, virtual(1, six), frames.UDP, body)
            s.from_client(packet)
        else:
            s.answer("server", "udp", of=f"{source},{port}",
                     payload=bytes(s.random.randint(0, 20)).hex(),
                     check=s.random.choice(["0", "bad"]) if s.random.random() < 0.2 else "")
    s.list("-Ln")
    s.list("-Lnc")


def timeouts():
    s = Scenario("timeout-set",
                 "Entries end at the times that --set gives, and a packet renews them")
    s.rule("--set 3 2 3")
    s.list("-L --timeout")
    s.service("t", "rr", virtual(), 80, [server(1), server(2)])
    s.service("u", "rr", virtual(), 53, [server(1), server(2)])
    tcp_exchange(s, client(0), 1024, virtual(), 80, "c:S s:SA c:A")
    tcp_exchange(s, client(1), 1024, virtual(), 80, "c:S s:SA c:A c:FA")
    tcp_exchange(s, client(2), 1024, virtual(), 80, "c:S s:SA c:A s:FA")
    s.from_client(frames.udp(client(3), virtual(), 1024, 53, b"x"))
    s.list("-Lnc")
    s.wait(1.5)
    tcp_exchange(s, client(0), 1024, virtual(), 80, "c:A")
    s.list("-Lnc")
    s.wait(2.2)
    s.list("-Lnc")
    s.list("-Ln")
    tcp_exchange(s, client(0), 1024, virtual(), 80, "c:A")
    tcp_exchange(s, client(2), 1024, virtual(), 80, "c:A")
    s.from_client(frames.udp(client(3), virtual(), 1024, 53, b"x"))
    s.wait(4.3)
    s.list("-Lnc")
    s.list("-Ln")

    s = Scenario("timeout-close",
                 "An entry in CLOSE is gone after ten seconds, one in SYN_RECV is not")
    s.service("t", "rr", virtual(), 80, [server(1)])
    tcp_exchange(s, client(0), 1024, virtual(), 80, "c:S s:SA c:A c:R")
    tcp_exchange(s, client(1), 1024, virtual(), 80, "c:S")
    s.wait(8.5)
    s.list("-Lnc")
    s.wait(3)
    s.list("-Lnc")
    s.list("-Ln")

    s = Scenario("timeout-sctp", "SCTP entries that wait for an answer are gone after five seconds")
    s.rule("-A --sctp-service 10.0.0.1:9 -s rr")
    s.rule(f"-a --sctp-service 10.0.0.1:9 -r {server(1)}:9 -m")
    s.from_client(frames.sctp(client(0), virtual(), 3000, 9, "INIT"))
    s.from_client(frames.sctp(client(1), virtual(), 3000, 9, "INIT"))
    s.answer("server", "sctp", chunks="INIT_ACK")
    s.wait(2)
    s.list("-Lnc")
    s.wait(3.5)
    s.list("-Lnc")


def drop_packet():
    for rate in (1, 3, 10):
        s = Scenario(f"drop-packet-{rate}",
                     f"drop_packet 3 with am_droprate {rate} drops new connections")
        s.sysctl("am_droprate", rate)
        s.sysctl("drop_packet", 3)
        s.service("u", "rr", virtual(), 53, [server(1), server(2)])
        for n in range(35):
            s.from_client(frames.udp(client(n % 12), virtual(), 1024, 53, b"x"))
        s.list("-Ln")
