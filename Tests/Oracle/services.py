# Scenarios about rules: fwmark and port-zero services, persistence, thresholds, edits in mid-run,
# removal and return of servers, cache bypass, and what the listings say of them.

import frames
from scenario import Scenario, at, client, server, tcp_exchange, virtual


def write():
    for six in (False, True):
        fwmark(six)
        port_zero(six)
        persistence(six)
        for expire in (0, 1):
            removal(six, expire)
            quiescent(six, expire)
        thresholds(six)
        edits(six)
        bypass(six)
    persistence_timeouts()
    lookup_order()
    listings()


def spread(s, six, protocol, places, count, history="c:S s:SA c:A"):
    """Clients of several networks talk to the places, which are address and port."""
    for n in range(count):
        address, port = s.random.choice(places)
        source = client(s.random.choice([0, 1, 2, 250, 251, 500, 501, 750]), six)
        sport = s.random.randint(1024, 60000)
        if protocol == "t":
            tcp_exchange(s, source, sport, address, port, history)
        else:
            s.from_client(frames.udp(source, address, sport, port, b"x"))
            if s.random.random() < 0.5:
                s.answer("server", "udp", payload="79")


def fwmark(six):
    family = " -6" if six else ""
    for scheduler in ("rr", "wlc", "sh"):
        s = Scenario(f"fwmark{6 if six else 4}-{scheduler}",
                     f"Services by firewall mark with {scheduler}: several ports, addresses, "
                     "protocols")
        s.mark("tcp", virtual(1, six), 80, 1)
        s.mark("tcp", virtual(2, six), 443, 1)
        s.mark("udp", virtual(1, six), 0, 2)
        s.rule(f"-A -f 1{family} -s {scheduler}")
        s.rule(f"-A -f 2{family} -s {scheduler}")
        for n in (1, 2, 3):
            forward = "-m" if n < 3 else "-g"
            s.rule(f"-a -f 1{family} -r {at(server(n, six), 0)} {forward} -w {n}")
            s.rule(f"-a -f 2{family} -r {at(server(n, six), 0)} -m -w {n}")
        spread(s, six, "t", [(virtual(1, six), 80), (virtual(2, six), 443)], 20)
        spread(s, six, "u", [(virtual(1, six), 53), (virtual(1, six), 99), (virtual(2, six), 53)],
               20)
        s.from_client(frames.tcp(client(3, six), virtual(1, six), 1024, 81, "S"))
        s.list("-Ln")
        s.list("-Lnc")
        s.list("-Sn")


def port_zero(six):
    s = Scenario(f"port-zero{6 if six else 4}",
                 "A persistent service on all ports, and one port beside it")
    s.service("t", "rr", virtual(1, six), 0, [server(n, six) for n in (1, 2, 3)], "-m", "-p 300")
    s.service("t", "rr", virtual(1, six), 80, [server(4, six)], "-m")
    spread(s, six, "t", [(virtual(1, six), port) for port in (80, 81, 443, 8080)], 30)
    s.list("-Ln")
    s.list("-Lnc")
    s.list("-Sn")


def persistence(six):
    masks = ["64", "128"] if six else ["255.255.255.255", "255.255.254.0"]
    for number, mask in enumerate(masks):
        s = Scenario(f"persistence{6 if six else 4}-{number}",
                     f"Clients of one network stay with one server, netmask {mask}")
        flags = f"-p 100 -M {mask}"
        s.service("t", "rr", virtual(1, six), 80, [server(n, six) for n in (1, 2, 3)], "-m", flags,
                  target_port=8080)
        s.service("u", "wrr", virtual(1, six), 53, [server(n, six) for n in (1, 2, 3)], "-g", flags)
        family = " -6" if six else ""
        s.mark("tcp", virtual(3, six), 0, 9)
        s.rule(f"-A -f 9{family} -s rr {flags}")
        for n in (1, 2):
            s.rule(f"-a -f 9{family} -r {at(server(n, six), 0)} -m")
        spread(s, six, "t", [(virtual(1, six), 80)], 20)
        spread(s, six, "u", [(virtual(1, six), 53)], 20)
        spread(s, six, "t", [(virtual(3, six), 80), (virtual(3, six), 443)], 12)
        s.list("-Ln")
        s.list("-Ln --persistent-conn")
        s.list("-Lnc")
        s.rule(f"-e -t {at(virtual(1, six), 80)} -r {at(server(2, six), 8080)} -m -w 0")
        spread(s, six, "t", [(virtual(1, six), 80)], 10)
        s.list("-Ln")
        s.list("-Lnc")
        s.list("-Sn")


def persistence_timeouts():
    s = Scenario("persistence-timeout", "A template outlives its time while connections hold it")
    s.rule("--set 2 2 2")
    s.service("u", "rr", virtual(), 53, [server(1), server(2), server(3)], "-m", "-p 4")
    for n in range(4):
        s.from_client(frames.udp(client(n), virtual(), 1024, 53, b"x"))
    s.list("-Lnc")
    s.wait(3)
    s.list("-Lnc")
    s.from_client(frames.udp(client(0), virtual(), 1025, 53, b"x"))
    s.wait(2.7)
    s.list("-Lnc")
    for n in range(4):
        s.from_client(frames.udp(client(n), virtual(), 1026, 53, b"x"))
    s.list("-Lnc")
    s.list("-Ln")


def removal(six, expire):
    for label, forward in (("nat", "-m"), ("route", "-g"), ("tunnel", "-i")):
        s = Scenario(f"removal{6 if six else 4}-{label}-{expire}",
                     f"Servers are removed and come back, expire_nodest_conn {expire}, {label}")
        s.sysctl("expire_nodest_conn", expire)
        place = at(virtual(1, six), 80)
        datagrams = at(virtual(1, six), 53)
        s.service("t", "wlc", virtual(1, six), 80, [server(n, six) for n in (1, 2, 3)], forward)
        s.service("u", "rr", virtual(1, six), 53, [server(n, six) for n in (1, 2, 3)], forward)

        def talk(history):
            for n in range(9):
                if n % 3 == 2:
                    s.from_client(frames.udp(client(n, six), virtual(1, six), 1024, 53, b"x"))
                    s.answer("server", "udp", of=f"{client(n, six)},1024")
                else:
                    tcp_exchange(s, client(n, six), 1024, virtual(1, six), 80, history)

        talk("c:S s:SA c:A")
        s.rule(f"-d -t {place} -r {at(server(1, six), 80)}")
        s.rule(f"-d -u {datagrams} -r {at(server(2, six), 53)}")
        s.list("-Ln")
        talk("c:A s:A")
        s.list("-Lnc")
        s.rule(f"-a -t {place} -r {at(server(1, six), 80)} {forward} -w 2")
        s.rule(f"-a -u {datagrams} -r {at(server(2, six), 53)} {forward}")
        talk("c:A s:FA")
        s.list("-Ln")
        s.rule(f"-D -t {place}")
        talk("c:A c:S")
        s.rule(f"-A -t {place} -s rr")
        s.rule(f"-a -t {place} -r {at(server(3, six), 80)} {forward}")
        talk("c:A c:S s:SA")
        s.list("-Ln")
        s.list("-Lnc")
        s.rule("-C")
        talk("c:A c:S")
        s.list("-Ln")
        s.list("-Lnc")


def quiescent(six, expire):
    s = Scenario(f"quiescent{6 if six else 4}-{expire}",
                 f"Weight 0 and templates, expire_quiescent_template {expire}")
    s.sysctl("expire_quiescent_template", expire)
    s.sysctl("expire_nodest_conn", expire)
    place = at(virtual(1, six), 80)
    s.service("t", "rr", virtual(1, six), 80, [server(n, six) for n in (1, 2, 3)], "-m", "-p 100")
    for n in range(6):
        tcp_exchange(s, client(n, six), 1024, virtual(1, six), 80, "c:S s:SA c:A")
    s.rule(f"-e -t {place} -r {at(server(2, six), 80)} -m -w 0")
    for n in range(8):
        tcp_exchange(s, client(n, six), 1024, virtual(1, six), 80, "c:A s:A")
        tcp_exchange(s, client(n, six), 1025, virtual(1, six), 80, "c:S s:SA c:A")
    s.list("-Ln")
    s.list("-Lnc")
    s.rule(f"-d -t {place} -r {at(server(3, six), 80)}")
    for n in range(8):
        tcp_exchange(s, client(n, six), 1026, virtual(1, six), 80, "c:S s:SA c:A")
    s.list("-Ln")
    s.list("-Lnc")


def thresholds(six):
    for scheduler in ("rr", "wlc", "fo", "sh -b sh-fallback"):
        name = scheduler.split()[0]
        s = Scenario(f"thresholds{6 if six else 4}-{name}",
                     f"Upper and lower thresholds with {scheduler}")
        place = at(virtual(1, six), 80)
        s.rule(f"-A -t {place} -s {scheduler}")
        for n, limits in ((1, "-x 4"), (2, "-x 6 -y 2"), (3, "-x 3 -y 1")):
            s.rule(f"-a -t {place} -r {at(server(n, six), 80)} -m {limits}")
        for n in range(18):
            tcp_exchange(s, client(n, six), 1024, virtual(1, six), 80, "c:S s:SA c:A")
        s.list("-Ln --thresholds")
        s.list("-Ln")
        for n in range(0, 12, 2):
            tcp_exchange(s, client(n, six), 1024, virtual(1, six), 80, "c:FA s:FA c:A")
        s.rule(f"-e -t {place} -r {at(server(1, six), 80)} -m -x 8 -y 3")
        for n in range(18, 30):
            tcp_exchange(s, client(n, six), 1024, virtual(1, six), 80, "c:S s:SA c:A c:R")
        s.list("-Ln")
        s.list("-Sn")


def edits(six):
    s = Scenario(f"edits{6 if six else 4}",
                 "Scheduler, flags, weights and forwarding change in mid-run")
    place = at(virtual(1, six), 80)
    s.service("t", "rr", virtual(1, six), 80, [server(n, six) for n in (1, 2, 3)], weights=[1, 2,
                                                                                            3])
    number = 0
    for change in ("-E -t {} -s wrr", "-E -t {} -s wlc", "-E -t {} -s sh",
                   "-E -t {} -s mh -b mh-port",
                   "-E -t {} -s nq", "-E -t {} -s rr -p 50", "-E -t {} -s lc", "-E -t {} -s dh",
                   "-E -t {} -s lblc", "-E -t {} -s lblcr", "-E -t {} -s ovf", "-E -t {} -s fo",
                   "-E -t {} -s sed"):
        s.rule(change.format(place))
        for _ in range(7):
            number += 1
            tcp_exchange(s, client(number, six), 1024, virtual(1, six), 80, "c:S s:SA c:A")
        there = at(server(number % 3 + 1, six), 80)
        forward = s.random.choice(["-m", "-g", "-i"])
        s.rule(f"-e -t {place} -r {there} {forward} -w {s.random.randint(1, 5)}")
        s.list("-Ln")
    for n in range(1, number, 4):
        tcp_exchange(s, client(n, six), 1024, virtual(1, six), 80, "c:FA s:FA")
    s.list("-Ln")
    s.list("-Lnc")


def bypass(six):
    foreign = "fd09::%x" if six else "10.9.0.%d"
    family = " -6" if six else ""
    for value in (0, 1):
        s = Scenario(f"bypass{6 if six else 4}-{value}",
                     f"A mark service without servers, cache_bypass {value}")
        s.sysctl("cache_bypass", value)
        for n in (1, 2, 3):
            s.mark("tcp", foreign % n, 80, 5)
            s.mark("udp", foreign % n, 53, 5)
        s.mark("tcp", virtual(1, six), 80, 5)
        s.rule(f"-A -f 5{family} -s rr")
        for n in (1, 2):
            for flags in ("S", "A", "FA"):
                s.from_client(frames.tcp(client(n, six), foreign % n, 1024, 80, flags))
            s.from_client(frames.udp(client(n, six), foreign % n, 1024, 53, b"x"))
        s.from_client(frames.tcp(client(1, six), virtual(1, six), 1024, 80, "S"))
        s.list("-Lnc")
        s.rule(f"-a -f 5{family} -r {at(server(1, six), 0)} -g")
        for n in (1, 2, 3):
            for flags in ("A", "S"):
                s.from_client(frames.tcp(client(n, six), foreign % n, 1024, 80, flags))
        s.list("-Ln")
        s.list("-Lnc")


def lookup_order():
    s = Scenario("lookup-order", "Mark before address and port, before port 0")
    s.service("t", "rr", virtual(1), 0, [server(1)], "-g", "-p 60")
    s.service("t", "rr", virtual(1), 80, [server(2)], "-g")
    s.rule("-A -f 3 -s rr")
    s.rule(f"-a -f 3 -r {server(3)}:0 -g")
    for n, port in enumerate([80, 81, 21, 20, 80]):
        s.from_client(frames.tcp(client(n), virtual(1), 1024, port, "S"))
    s.from_client(frames.tcp(client(7), virtual(1), 20, 80, "S"))
    s.mark("tcp", virtual(1), 80, 3)
    for n, port in enumerate([80, 81, 80]):
        s.from_client(frames.tcp(client(n + 10), virtual(1), 1024, port, "S"))
    s.rule("-D -f 3")
    for n, port in enumerate([80, 81, 80]):
        s.from_client(frames.tcp(client(n + 20), virtual(1), 1024, port, "S"))
    s.list("-Ln")
    s.list("-Lnc")


def listings():
    s = Scenario("listings", "Every listing of one busy table")
    s.service("t", "wrr", virtual(1), 80, [server(1), server(2)], "-m", weights=[3, 10])
    s.service("u", "rr", virtual(1), 53, [server(1)], "-g", "-o")
    s.service("t", "sh -b sh-port", virtual(1, True), 443, [server(1, True)], "-i", "-p 90 -M 64")
    s.service("u", "mh -b mh-fallback,mh-port", virtual(2), 5000, [server(3), server(4)],
              "-i --tun-type gue --tun-port 6080 --tun-csum")
    s.rule("-A --sctp-service 10.0.0.2:9 -s lblcr")
    s.rule("-A -f 77 -s nq -p")
    s.rule(f"-a -f 77 -r {server(9)}:0 -g -w 65535 -x 100 -y 10")
    s.rule(f"-a -t 10.0.0.1:80 -r {server(5)}:8080 -i --tun-type gre --tun-csum -w 0")
    for n in range(12):
        tcp_exchange(s, client(n), 1024, virtual(1), 80, "c:S s:SA c:A" + " c:FA s:FA" * (n % 2))
        s.from_client(frames.udp(client(n), virtual(1), 1024, 53, bytes(n)))
        s.from_client(frames.udp(client(n), virtual(2), 1024, 5000, bytes(n)))
        tcp_exchange(s, client(n, True), 1024, virtual(1, True), 443, "c:S c:A")
    s.wait(2.3)
    for arguments in ("-Ln", "-ln --exact", "-Ln --stats", "-Ln --stats --exact",
                      "-Ln --thresholds",
                      "-Ln --persistent-conn", "-L --timeout", "-L --daemon", "-Lnc",
                      "-Ln --tun-info",
                      "-Ln -t 10.0.0.1:80", "-Ln --stats -u 10.0.0.1:53", "-Ln -f 77", "-Sn",
                      "-Ln --nosort -t 10.0.0.1:80", "-Lnc --persistent-conn"):
        s.list(arguments)
    s.rule("-Z -t 10.0.0.1:80")
    s.wait(2.3)
    s.list("-Ln --stats")
    s.rule("-Z")
    s.wait(2.3)
    s.list("-Ln --stats")
