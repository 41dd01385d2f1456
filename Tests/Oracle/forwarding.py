# Scenarios about the packet itself: each way of forwarding with every size, fragment, IP option,
# time to live and ICMP error that can meet it, for both IP versions and across them.

import struct

import frames
from scenario import Scenario, at, client, server, tcp_exchange, virtual

GUE = "-i --tun-type gue --tun-port 6080"
FORWARDS = {
    "nat": "-m", "route": "-g", "ipip": "-i", "gre": "-i --tun-type gre",
    "gre-csum": "-i --tun-type gre --tun-csum", "gue": GUE, "gue-csum": f"{GUE} --tun-csum",
    "gue-remcsum": f"{GUE} --tun-remcsum",
}
IP_OPTIONS = {
    "record route": bytes([7, 11, 4]) + bytes(8) + b"\0", "router alert": bytes([148, 4, 0, 0]),
    "timestamp": bytes([68, 12, 5, 0]) + bytes(8), "end": b"\0\0\0\0", "nop": b"\1\1\1\1",
    "timestamp with address": bytes([68, 12, 5, 1]) + bytes(8), "bad length": bytes([7, 40, 4, 0]),
    "loose route": bytes([131, 7, 4, 10, 2, 1, 5, 0]),
}


def write():
    for six in (False, True):
        for label, forward in FORWARDS.items():
            plain(label, forward, six)
            if label != "gue-csum":
                sizes(label, forward, six)
            pieces(label, forward, six)
            errors(label, forward, six)
    sizes("ipip-small", "-i", True, mtu=1300)
    for label in ("ipip", "gre", "gue"):
        across(label, FORWARDS[label])
        for six in (False, True):
            pieces_across(label, FORWARDS[label], six)
        for mtu in (0, 300, 1000, 1400, 2000):
            path_mtu(label, FORWARDS[label], mtu)
    for label in ("nat", "route", "ipip"):
        for six in (False, True):
            unequal_pieces(label, FORWARDS[label], six)
    for six in (False, True):
        marked_pieces(six)
        ttl_across(six)
    ip_options()
    local_delivery()
    schedule_icmp()
    for scheduler in ("dh", "lblc", "lblcr", "sh", "mh"):
        schedule_icmp_by(scheduler)
    ignore_tunneled()
    unmatched()
    broken()


def both(s, six, forward, servers=2):
    """A TCP and a UDP service with port mapping where the way of forwarding allows it."""
    target = 8080 if forward == "-m" else None
    names = [server(n, six) for n in range(1, servers + 1)]
    s.service("t", "rr", virtual(1, six), 80, names, forward, target_port=target)
    s.service("u", "rr", virtual(1, six), 53, names, forward,
              target_port=5353 if forward == "-m" else None)


def plain(label, forward, six):
    s = Scenario(f"forward{6 if six else 4}-{label}", f"TCP, UDP and time to live through {label}")
    both(s, six, forward)
    tcp_exchange(s, client(0, six), 1024, virtual(1, six), 80,
                 "c:S s:SA c:A c:PA s:PA c:FA s:FA c:A", b"data")
    for ttl in (1, 2, 3, 255):
        for tos in (0, 2, 0xFF):
            s.from_client(frames.udp(client(ttl, six), virtual(1, six), 1024, 53, b"x", ttl=ttl,
                                     tos=tos))
        s.answer("server", "udp", ttl=ttl)
    if not six:
        for df in (False, True):
            s.from_client(frames.udp(client(9), virtual(), 1024, 53, b"y", df=df,
                                     identification=0x4321))
    else:
        s.from_client(frames.udp(client(9, True), virtual(1, True), 1024, 53, b"y", label=0x12345))
    s.list("-Ln")
    s.list("-Lnc")
    s.list("-Sn")


def sizes(label, forward, six, mtu=None):
    """Around the link's MTU and around it less each tunnel's header. In the small one IPv6 finds
    less than 1280 bytes behind the tunnel's header."""
    s = Scenario(f"mtu{6 if six else 4}-{label}", f"Packets around the MTU through {label}")
    both(s, six, forward, servers=1)
    mtu = mtu or (1400 if six else 400)
    s.mtu("server", mtu)
    source = client(0, six)
    tcp_exchange(s, source, 1024, virtual(1, six), 80, "c:S s:SA c:A")
    head = 48 if six else 28
    tunnel = {"nat": 0, "route": 0, "ipip": 20, "ipip-small": 20, "gre": 24, "gre-csum": 28,
              "gue": 32, "gue-remcsum": 36}[label]
    room = mtu - tunnel - (20 if six and tunnel else 0)
    for total in sorted({room, room + 1, mtu + 1}):
        for df in ((True,) if six else (False, True)):
            fields = {} if six else {"df": df}
            s.from_client(frames.udp(source, virtual(1, six), 1024, 53, bytes(total - head),
                                     **fields))
            if not six or total == mtu + 1:
                s.from_client(frames.tcp(source, virtual(1, six), 1024, 80, "PA", seq=3,
                                         payload=bytes(total - head - 12), **fields))
    if not six:
        s.sysctl("pmtu_disc", 0)
        for df in (False, True):
            s.from_client(frames.udp(source, virtual(), 1024, 53, bytes(mtu - 27), df=df))
            s.from_client(frames.udp(source, virtual(), 1024, 53, bytes(mtu - 31 - 20), df=df))
    s.mtu("client", mtu - 10)
    s.answer("server", "udp", payload=bytes(mtu - head - 5).hex())
    if not six:
        s.answer("server", "udp", payload=bytes(mtu - head - 5).hex(), df=1)


def pieces(label, forward, six):
    s = Scenario(f"fragments{6 if six else 4}-{label}",
                 f"Fragments in and out of order through {label}")
    both(s, six, forward)
    for number, order in enumerate([(0, 1, 2), (2, 1, 0), (1, 0, 2), (0, 2), (1, 2), (0, 0, 1, 2)]):
        whole = frames.udp(client(number, six), virtual(1, six), 1024, 53, bytes(range(60)))
        parts = frames.fragments(whole, 24, identification=0x100 + number)
        for index in order:
            s.from_client(parts[index])
    whole = frames.tcp(client(7, six), virtual(1, six), 1024, 80, "S", payload=bytes(40))
    for part in frames.fragments(whole, 8 if not six else 32, identification=0x200):
        s.from_client(part)
    if not six:
        s.mtu("server", 576)
        big = frames.udp(client(8), virtual(), 1024, 53, bytes(900))
        for part in frames.fragments(big, 480, identification=0x300):
            s.from_client(part)
    s.list("-Lnc")


def errors(label, forward, six):
    """ICMP errors from both sides about packets that the director sent."""
    s = Scenario(f"icmp{6 if six else 4}-{label}", f"ICMP errors that quote flows through {label}")
    both(s, six, forward)
    kinds = ([(1, 4, 0), (1, 0, 0), (2, 0, 1300), (3, 0, 0), (4, 1, 40)] if six else
             [(3, 3, 0), (3, 1, 0), (3, 4, 1400), (3, 4, 0), (11, 0, 0), (12, 0, 0), (4, 0, 0),
              (5, 1, 0)])
    address = client(0, six)
    tcp_exchange(s, address, 1024, virtual(1, six), 80, "c:S s:SA c:A")
    s.from_client(frames.udp(address, virtual(1, six), 1024, 53, b"question"))
    s.answer("server", "udp", payload=b"answer".hex())
    router = "fd02::99" if six else "10.2.0.99"
    outside = "fd05::99" if six else "172.16.0.99"
    head = 40 if six else 20
    for kind, code, rest in kinds:
        for flow in ("tcp", "udp"):
            of = f"{address},1024"
            for tunnel in ([""] if forward in ("-m", "-g") else ["", "1"]):
                for quote in ([head + 8, head + 60] if flow == "tcp" else [head + 28]):
                    s.answer("server", "icmp", type=kind, code=code, rest=f"{rest:08x}", of=of,
                             flow=flow, quote=quote + (60 if tunnel else 0), tunnel=tunnel)
            s.answer("server", "icmp", type=kind, code=code, rest=f"{rest:08x}", of=of, flow=flow,
                     from_=router)
            replies = f"{virtual(1, six)},{80 if flow == 'tcp' else 53}"
            s.answer("client", "icmp", type=kind, code=code, rest=f"{rest:08x}", of=replies,
                     flow=flow, from_=outside)
    for quote in (0, 4, head, head + 4, head + 7):
        s.answer("server", "icmp", type=kinds[0][0], code=kinds[0][1], quote=quote, flow="udp",
                 of=f"{address},1024")
    s.answer("server", "icmp", type=kinds[0][0], code=kinds[0][1], check="bad", flow="udp",
             of=f"{address},1024")
    s.answer("client", "icmp", type=kinds[0][0], code=kinds[0][1], check="bad", flow="udp",
             of=f"{virtual(1, six)},53")
    echo = (128, 129) if six else (8, 0)
    for kind in echo:
        s.from_client(frames.icmp(address, virtual(1, six), kind, 0, b"\0\1\0\1", b"ping"))
        s.from_client(frames.icmp(address, server(1, six), kind, 0, b"\0\1\0\1", b"ping"))
    s.list("-Lnc")


def across(label, forward):
    for six in (False, True):
        s = Scenario(f"across{6 if six else 4}-{label}",
                     f"{label} to real servers of the other IP version")
        place, there = at(virtual(1, six), 53), at(server(1, not six), 53)
        s.rule(f"-A -u {place} -s rr")
        s.rule(f"-a -u {place} -r {there} {forward}")
        for n in range(5):
            s.from_client(frames.udp(client(n, six), virtual(1, six), 1024, 53, b"question", tos=n,
                                     ttl=n + 1))
        s.mtu("server", 1400)
        room = {"ipip": 1360, "gre": 1356, "gue": 1348}[label] + (20 if six else 0)
        for total in (room, room + 1, 1401):
            s.from_client(frames.udp(client(1, six), virtual(1, six), 1024, 53,
                                     bytes(total - (48 if six else 28)),
                                     **({} if six else {"df": True})))
        s.list("-Ln")
        s.list("-Lnc")


def pieces_across(label, forward, six):
    """One datagram in one piece: an atomic fragment."""
    s = Scenario(f"fragments-across{6 if six else 4}-{label}",
                 f"Fragments through {label} to a real server of the other IP version")
    place = at(virtual(1, six), 53)
    s.rule(f"-A -u {place} -s rr")
    s.rule(f"-a -u {place} -r {at(server(1, not six), 53)} {forward}")
    if six:
        atomic = [(44, struct.pack("!BHI", 0, 0, 9))]
        for total in (100, 1400):
            s.from_client(frames.udp(client(0, six), virtual(1, six), 1024, 53, bytes(total),
                                     extensions=atomic))
    sizes = [(100, 32), (1350, 1288), (1420, 800)]
    if six or label != "gue":  # README.md, "What depends on the driver"
        sizes += [(2000, 1000), (2000, [1000, 8]), (2000, [8, 1000, 16]), (2900, 1400)]
    for number, (total, size) in enumerate(sizes):
        whole = frames.udp(client(1, six), virtual(1, six), 2000 + number, 53, bytes(total - 8))
        for part in frames.fragments(whole, size, identification=0x500 + number):
            s.from_client(part)


def unequal_pieces(label, forward, six):
    s = Scenario(f"fragments-unequal{6 if six else 4}-{label}",
                 f"Fragments of different sizes through {label}, some with DF")
    both(s, six, forward, servers=1)
    def pieces(source, target, ports, total, size, identification, df=False):
        whole = frames.udp(source, target, *ports, bytes(total))
        return frames.fragments(whole, size, identification=identification, df=df)

    address, virtual_address, real = client(0, six), virtual(1, six), server(1, six)
    ports = 5353 if label == "nat" else 53, 1024
    for number, size in enumerate([[16, 48, 8], [48, 16, 24], [8, 96], [96, 8]]):
        for df in ((False,) if six else (False, True)):
            identification = 0x600 + 2 * number + df
            for part in pieces(address, virtual_address, (1024, 53), 120, size, identification, df):
                s.from_client(part)
            for part in pieces(real, address, ports, 120, size, identification, df):
                s.from_server(part)
    for part in reversed(pieces(address, virtual_address, (1024, 53), 120, [16, 48, 8], 0x700)):
        s.from_client(part)
    for part in reversed(pieces(real, address, ports, 120, [24, 24, 8], 0x700)):
        s.from_server(part)
    s.mtu("server", 1280)
    s.mtu("client", 1280)
    if six:
        for part in pieces(address, virtual_address, (1024, 53), 2400, [800, 1000], 0x701):
            s.from_client(part)
    for part in pieces(real, address, ports, 2400, [800, 1000], 0x701):
        s.from_server(part)
    if not six:
        s.mtu("server", 600)
        s.mtu("client", 600)
        for part in pieces(address, virtual_address, (1024, 53), 1400, [400, 900], 0x702):
            s.from_client(part)
        for part in pieces(real, address, ports, 1400, [400, 900], 0x702):
            s.from_server(part)


def marked_pieces(six):
    """Only the first fragment has a port to be marked by. What has no mark and is not for an address
    of the director's own passes by another hook."""
    s = Scenario(f"fragments-mark{6 if six else 4}",
                 "Fragments of packets that are marked by their port, in and out of order")
    outside = "fd05::1" if six else "172.16.0.1"
    for target in (virtual(1, six), outside):
        s.mark("udp", target, 53, 7)
        s.mark("tcp", target, 80, 7)
    family = " -6" if six else ""
    s.rule(f"-A -f 7{family} -s rr")
    s.rule(f"-a -f 7{family} -r {at(server(1, six), 0)} -m")
    orders = [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0)]
    for target in (virtual(1, six), outside):
        for number, order in enumerate(orders):
            whole = frames.udp(client(1, six), target, 2000 + number, 53, bytes(120))
            parts = frames.fragments(whole, 48, identification=0x700 + number)
            for index in order:
                s.from_client(parts[index])
        for number, order in enumerate(orders[:2]):
            whole = frames.tcp(client(1, six), target, 3000 + number, 80, "S", payload=bytes(100))
            parts = frames.fragments(whole, 48, identification=0x800 + number)
            for index in order:
                s.from_client(parts[index])
    s.list("-Lnc")


def path_mtu(label, forward, mtu):
    """The error about a tunnel: the first, the second, one after the other without a packet between."""
    s = Scenario(f"path-mtu-{label}-{mtu}",
                 f"A router says that {mtu} bytes fit on the way to a real server through {label}")
    s.service("u", "rr", virtual(), 53, [server(1)], forward)
    s.service("u", "rr", virtual(), 54, [server(2)], forward)

    def ask(count, port=53):
        s.from_client(frames.udp(client(1), virtual(), 2000, port, bytes(count), df=True))

    def tell(size):
        s.answer("server", "icmp", type=3, code=4, rest=f"{size:08x}", tunnel="1", quote=200,
                 of=f"{client(1)},2000", flow="udp", from_="10.2.0.99")

    ask(1300)
    tell(mtu)
    ask(1300)
    tell(mtu)
    ask(400)
    ask(200)
    tell(900)
    ask(1300)
    ask(850)
    ask(1300, 54)
    tell(mtu)
    tell(mtu)
    tell(800)
    ask(200, 54)
    tell(mtu)
    tell(600)
    s.list("-Lnc")


def ttl_across(six):
    """The tunnel leaves too little room for the inner packet's IP version, whatever its size."""
    s = Scenario(f"ttl-across{6 if six else 4}",
                 "Time to live 1 and 2 into a tunnel through a link that is too small for it")
    for port, family in ((53, six), (54, not six)):
        place = at(virtual(1, six), port)
        s.rule(f"-A -u {place} -s rr")
        s.rule(f"-a -u {place} -r {at(server(1, family), port)} -i")
    s.mtu("server", 1280)
    for port in (53, 54):
        for ttl in (1, 2, 64):
            s.from_client(frames.udp(client(1, six), virtual(1, six), 2000, port, b"x", ttl=ttl))
        s.from_client(frames.udp(client(1, six), virtual(1, six), 2000, port, bytes(1300)))


def ip_options():
    s = Scenario("options-ipv4", "IPv4 options through each way of forwarding and back")
    for port, forward in enumerate(["-m", "-g", "-i", "-i --tun-type gre"], 53):
        s.service("u", "rr", virtual(), port, [server(1)], forward)
        for n, octets in enumerate(IP_OPTIONS.values()):
            s.from_client(frames.udp(client(n), virtual(), 1024, port, b"x", options=octets))
            if port == 53:
                s.from_server(frames.udp(server(1), client(n), 53, 1024, b"y", options=octets))
    s = Scenario("options-ipv6", "IPv6 extension headers through each way of forwarding")
    chains = [[(60, bytes([0, 1, 4, 0, 0, 0, 0]))], [(0, bytes([0, 5, 2, 0, 0, 1, 0]))],
              [(0, bytes([0, 1, 4, 0, 0, 0, 0])), (60, bytes([0, 1, 4, 0, 0, 0, 0]))],
              [(43, bytes([0, 4, 0, 0, 0, 0, 0]))], [(44, bytes([0, 0, 0, 0, 0, 0, 9]))]]
    for port, forward in enumerate(["-m", "-g", "-i"], 53):
        s.service("u", "rr", virtual(1, True), port, [server(1, True)], forward)
        for n, chain in enumerate(chains):
            s.from_client(frames.udp(client(n, True), virtual(1, True), 1024, port, b"x",
                                     extensions=chain))
            if port == 53:
                s.from_server(frames.udp(server(1, True), client(n, True), 53, 1024, b"y",
                                         extensions=chain))
    s.list("-Lnc")


def local_delivery():
    s = Scenario("local-delivery", "A real server's address is one of the director's own")
    for six in (False, True):
        own = [virtual(2, six), ("fd02::1" if six else "10.2.0.1")]
        for port, forward in enumerate(["-m", "-g", "-i"], 80):
            s.service("t", "rr", virtual(1, six), port, own + [server(1, six)], forward)
            for n in range(4):
                tcp_exchange(s, client(n, six), 1024, virtual(1, six), port, "c:S c:A s:SA")
    s.list("-Ln")
    s.list("-Lnc")


def schedule_icmp():
    for value in (0, 1):
        s = Scenario(f"schedule-icmp-{value}",
                     f"ICMP errors about unknown flows, schedule_icmp {value}")
        s.sysctl("schedule_icmp", value)
        for six in (False, True):
            both(s, six, "-g")
            for n in range(4):
                quoted = frames.udp(virtual(1, six), client(n, six), 53, 1024, b"xyz", ttl=9)
                if n % 2:
                    quoted = frames.tcp(virtual(1, six), client(n, six), 80, 1024, "A", ttl=9)
                kind = (1, 4) if six else (3, 3)
                s.from_client(frames.icmp(client(n + 10, six), virtual(1, six), *kind, body=quoted))
                s.from_client(frames.udp(client(n, six), virtual(1, six), 1024, 53, b"abc"))
        s.list("-Ln")
        s.list("-Lnc")


def schedule_icmp_by(scheduler):
    s = Scenario(f"schedule-icmp-{scheduler}",
                 f"ICMP errors that open connections, shared out by {scheduler}")
    s.sysctl("schedule_icmp", 1)
    for six in (False, True):
        place = at(virtual(1, six), 53)
        s.rule(f"-A -u {place} -s {scheduler}" + (" -p 100" if six else ""))
        for n in (3, 5, 6):
            s.rule(f"-a -u {place} -r {at(server(n, six), 53)} -g -w {n}")
        for n in range(8):
            quoted = frames.udp(virtual(1, six), client(n * 7, six), 53, 80, b"xyz", ttl=9)
            kind = (1, 4) if six else (3, 3)
            s.from_client(frames.icmp(client(10 + n, six), virtual(1, six), *kind, body=quoted))
            s.from_client(frames.udp(client(n * 7 + 1, six), virtual(1, six), 80, 53, b"abc"))
    s.list("-Lnc")


def ignore_tunneled():
    for value in (0, 1):
        s = Scenario(f"ignore-tunneled-{value}",
                     f"Tunnel packets to a virtual address, ignore_tunneled {value}")
        s.sysctl("ignore_tunneled", value)
        s.sysctl("schedule_icmp", 1)
        both(s, False, "-i")
        for n in range(4):
            s.from_client(frames.udp(client(n), virtual(), 1024, 53, b"abc"))
            carried = frames.udp(client(n), virtual(), 1025, 53, b"abc")
            s.from_client(frames.ipv4(client(9), virtual(), 4, carried))
            error = frames.icmp(client(9), virtual(), 3, 3,
                                body=frames.ipv4(virtual(), client(9), 4, carried))
            s.from_client(error)
        s.list("-Lnc")


def unmatched():
    for value in (0, 1):
        for reroute in (0, 1):
            s = Scenario(f"unmatched-icmp{value}-reroute{reroute}",
                         f"Packets of real servers that match no connection, "
                         f"nat_icmp_send {value}, snat_reroute {reroute}")
            s.sysctl("nat_icmp_send", value)
            s.sysctl("snat_reroute", reroute)
            for six in (False, True):
                both(s, six, "-m")
                there, here = client(5, six), server(1, six)
                for flags in ("S", "SA", "A", "R", "FA"):
                    s.from_server(frames.tcp(here, there, 8080, 1024, flags))
                s.from_server(frames.udp(here, there, 5353, 1024, b"x"))
                s.from_server(frames.udp(here, there, 9999, 1024, b"x"))
                s.from_server(frames.udp(here, virtual(1, six), 999, 53, b"x"))
                s.answer("server", "udp", payload="31")
                tcp_exchange(s, client(0, six), 1024, virtual(1, six), 80, "c:S s:SA c:A s:A")
                s.from_client(frames.udp(client(0, six), here, 1024, 5353, b"direct"))


def broken():
    s = Scenario("broken-headers", "Wrong lengths, versions, checksums and truncated headers")
    both(s, False, "-m")
    both(s, True, "-m")
    for protocol, port in ((frames.TCP, 80), (frames.UDP, 53)):
        whole = (frames.tcp_segment(client(0), virtual(), 1024, port, "S") if protocol == frames.TCP
                 else frames.udp_datagram(client(0), virtual(), 1024, port, b"abcdefgh"))
        for count in (0, 1, 3, 4, 7, 8, 12, 13, 19):
            s.from_client(frames.ipv4(client(count), virtual(), protocol, whole[:count]))
            s.from_client(frames.ipv6(client(count, True), virtual(1, True), protocol,
                                      whole[:count]))
    segment = frames.tcp_segment(client(0), virtual(), 1024, 80, "S")
    for words in (0, 4, 6, 15):
        s.from_client(frames.ipv4(client(words), virtual(), frames.TCP,
                                  segment[:12] + bytes([words << 4]) + segment[13:]))
    good = frames.udp(client(30), virtual(), 1024, 53, b"abcd")
    s.from_client(frames.udp(client(31), virtual(), 1024, 53, b"abcd", bad_header=True))
    s.from_client(good + b"trailer")
    s.from_client(frames.udp(client(32), virtual(), 1024, 53, b"abcd", length=200))
    s.from_client(frames.udp(client(33), virtual(), 1024, 53, b"abcd", length=24))
    s.from_client(b"\x44" + good[1:])
    s.list("-Lnc")
