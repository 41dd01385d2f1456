# Scenarios about which server is chosen: every scheduler with its flags, over both IP versions,
# with connections that come, stay and go while weights change and servers leave and return.

import frames
from scenario import Scenario, at, client, server, tcp_exchange, virtual

SCHEDULERS = [
    ("rr", ""), ("wrr", ""), ("lc", ""), ("wlc", ""), ("lblc", ""), ("lblcr", ""), ("dh", ""),
    ("sh", ""), ("sh", "sh-fallback"), ("sh", "sh-port"), ("sh", "sh-fallback,sh-port"),
    ("sed", ""), ("nq", ""), ("fo", ""), ("ovf", ""),
    ("mh", ""), ("mh", "mh-fallback"), ("mh", "mh-port"), ("mh", "mh-fallback,mh-port"),
]
BY_TARGET = ("lblc", "lblcr", "dh")


def write():
    for scheduler, flags in SCHEDULERS:
        label = "-".join([scheduler, *flags.split(",")]).rstrip("-")
        churn(f"churn4-{label}", scheduler, flags, False, "-m")
        churn(f"churn6-{label}", scheduler, flags, True, "-g")
        udp_spread(f"udp-{label}", scheduler, flags)
    for scheduler, flags in (("wrr", ""), ("wlc", ""), ("sh", "sh-port"), ("mh", "mh-port")):
        many(scheduler, flags)


def options(scheduler, flags):
    return scheduler + (f" -b {flags}" if flags else "")


class Churn:
    """A service under random opens, closes, weight changes, removals and returns."""

    def __init__(self, scenario, scheduler, flags, six, forward):
        self.s, self.six, self.forward = scenario, six, forward
        self.random = scenario.random
        self.by_target = scheduler in BY_TARGET
        self.open, self.next_client = [], 0
        self.servers = {}
        if self.by_target:
            for n in range(1, 17):
                scenario.mark("tcp", virtual(n, six), 80, 7)
            self.place = "-f 7" + (" -6" if six else "")
        else:
            self.place = f"-t {at(virtual(1, six), 80)}"
        scenario.rule(f"-A {self.place} -s {options(scheduler, flags)}")
        for number in range(1, 6):
            self.add_server(number)

    def there(self, number):
        address = server(number, self.six)
        return at(address, 0 if self.by_target else 80)

    def add_server(self, number):
        weight = self.random.choice([0, 1, 1, 1, 2, 3, 4, 8])
        self.servers[number] = weight
        self.s.rule(f"-a {self.place} -r {self.there(number)} {self.forward} -w {weight}")

    def open_one(self):
        number, self.next_client = self.next_client, self.next_client + 1
        target = virtual(self.random.randint(1, 16) if self.by_target else 1, self.six)
        flow = client(number * 7 % 900, self.six), 1024 + self.random.randint(0, 5000), target
        tcp_exchange(self.s, *flow, 80, self.random.choice(
            ["c:S s:SA c:A", "c:S s:SA c:A", "c:S", "c:S c:A"]))
        self.open.append(flow)

    def touch_one(self):
        source, port, target = self.random.choice(self.open)
        flags = self.random.choice(["A", "FA", "FA", "R", "S", "PA"])
        self.s.from_client(frames.tcp(source, target, port, 80, flags, seq=9000, payload=b"x"))
        if self.random.random() < 0.4:
            self.s.answer("server", "tcp", flags=self.random.choice(["A", "FA", "R"]),
                          of=f"{source},{port}")

    def change(self):
        kind = self.random.choice(["weight", "weight", "remove", "add"])
        if kind == "weight" and self.servers:
            number = self.random.choice(sorted(self.servers))
            weight = self.random.choice([0, 1, 2, 3, 5, 100])
            self.s.rule(f"-e {self.place} -r {self.there(number)} {self.forward} -w {weight}")
        elif kind == "remove" and len(self.servers) > 1:
            number = self.random.choice(sorted(self.servers))
            del self.servers[number]
            self.s.rule(f"-d {self.place} -r {self.there(number)}")
        else:
            number = self.random.choice([n for n in range(1, 9) if n not in self.servers] or [9])
            if number not in self.servers:
                self.add_server(number)


def churn(name, scheduler, flags, six, forward):
    title = f"{scheduler} {flags}".strip() + " while servers and connections come and go"
    s = Scenario(name, f"{title}, IPv{6 if six else 4}")
    run = Churn(s, scheduler, flags, six, forward)
    for step in range(70):
        if step < 30 or run.random.random() < 0.5:
            run.open_one()
        else:
            run.touch_one()
        if step % 8 == 7:
            run.change()
        if step % 27 == 26:
            s.list("-Ln")
    s.list("-Ln")
    s.list("-Lnc")


def udp_spread(name, scheduler, flags):
    s = Scenario(name, f"{scheduler} {flags}".strip() + " with UDP, which never counts as active")
    weights = [s.random.choice([0, 1, 1, 2, 3, 7]) for _ in range(5)] + [4]
    s.service("u", options(scheduler, flags), virtual(), 53,
              [server(n) for n in range(1, 7)], "-g", weights=weights)
    for n in range(60):
        s.from_client(frames.udp(client(n), virtual(), 1024 + n % 7, 53, b"q"))
        if n == 40:
            s.rule(f"-e -u 10.0.0.1:53 -r {server(6)}:53 -g -w 0")
    s.list("-Ln")


def many(scheduler, flags):
    s = Scenario(f"many-{scheduler}", f"{scheduler} {flags}".strip() + " with 1000 connections")
    weights = [s.random.randint(1, 20) for _ in range(12)]
    s.service("t", options(scheduler, flags), virtual(), 80,
              [server(n) for n in range(1, 13)], "-g", weights=weights)
    for n in range(1000):
        source, port = client(s.random.randint(0, 20000)), s.random.randint(1024, 65535)
        s.from_client(frames.tcp(source, virtual(), port, 80, "S", seq=n))
        if s.random.random() < 0.2:
            s.from_client(frames.tcp(source, virtual(), port, 80, s.random.choice(["A", "R",
                                                                                   "FA"])))
        if n in (500, 900):
            s.rule(f"-e -t 10.0.0.1:80 -r {server(n // 100)}:80 -g -w {n // 300}")
    s.list("-Ln")
