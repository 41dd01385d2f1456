# Scenarios in which every single choice of a scheduler can be read from the packets: all servers are
# reached by masquerading. Weights, thresholds, servers and schedulers change between connections,
# which are TCP ones that count as active and UDP ones that do not.

import frames
from scenario import Scenario, at, client, server, virtual
from schedulers import SCHEDULERS, options

MARK = 7
WEIGHTS = [0, 1, 1, 2, 3, 5, 6, 10, 40, 1000]


def write():
    for scheduler, flags in SCHEDULERS:
        label = "-".join([scheduler, *flags.split(",")]).rstrip("-")
        for six in (False, True):
            Choices(f"choice{6 if six else 4}-{label}", [(scheduler, flags)], six).run(220)
    for six in (False, True):
        Choices(f"choice{6 if six else 4}-changing", SCHEDULERS, six, targets=5).run(300)
    for scheduler in ("lblc", "lblcr"):
        locality(scheduler)
    for six in (False, True):
        across(six)
    refused()
    kept_counts()


class Choices:
    """A service of one mark, on all virtual addresses and both protocols."""

    def __init__(self, name, schedulers, six, targets=10):
        what = " ".join(schedulers[0]).strip() if len(schedulers) == 1 else "changing schedulers"
        self.s = Scenario(name, f"Each choice of {what}, IPv{6 if six else 4}")
        self.schedulers, self.six, self.random = schedulers, six, self.s.random
        self.place = f"-f {MARK}" + (" -6" if six else "")
        self.servers, self.open, self.next_client = set(), [], 0
        self.targets = targets
        for n in range(1, targets + 1):
            for protocol in ("tcp", "udp"):
                self.s.mark(protocol, virtual(n, six), 0, MARK)
        self.s.rule(f"-A {self.place} -s {options(*schedulers[0])}")
        for number in range(1, 6):
            self.add(number)

    def there(self, number):
        return at(server(number, self.six), 0)

    def settings(self):
        text = f"-m -w {self.random.choice(WEIGHTS)}"
        if self.random.random() < 0.4:
            upper = self.random.randint(1, 14)
            text += f" -x {upper}"
            if self.random.random() < 0.5:
                text += f" -y {self.random.randint(0, upper)}"
        return text

    def add(self, number):
        self.servers.add(number)
        self.s.rule(f"-a {self.place} -r {self.there(number)} {self.settings()}")

    def change(self):
        kind = self.random.random()
        if kind < 0.45:
            number = self.random.choice(sorted(self.servers))
            self.s.rule(f"-e {self.place} -r {self.there(number)} {self.settings()}")
        elif kind < 0.65 and len(self.servers) > 2:
            number = self.random.choice(sorted(self.servers))
            self.servers.remove(number)
            self.s.rule(f"-d {self.place} -r {self.there(number)}")
        elif kind < 0.9 and len(self.servers) < 9:
            self.add(self.random.choice([n for n in range(1, 10) if n not in self.servers]))
        else:
            scheduler = self.random.choice(self.schedulers)
            self.s.rule(f"-E {self.place} -s {options(*scheduler)}")

    def connect(self):
        number, self.next_client = self.next_client, self.next_client + 1
        flow = (client(number * 37 % 2000, self.six),
                virtual(self.random.randint(1, self.targets), self.six),
                1024 + self.random.randint(0, 60000))
        if self.random.random() < 0.3:
            self.s.from_client(frames.udp(*flow, 53, b"q"))
            return
        self.s.from_client(frames.tcp(*flow, 80, "S"))
        self.open.append(flow)

    def close(self):
        if self.open:
            flow = self.open.pop(self.random.randrange(len(self.open)))
            self.s.from_client(frames.tcp(*flow, 80, self.random.choice(["FA", "R"])))

    def run(self, steps):
        for step in range(steps):
            self.close() if self.random.random() < 0.3 else self.connect()
            if step % 9 == 8:
                self.change()
            if step % 70 == 69:
                self.s.list("-Ln")
        self.s.list("-Ln")


def locality(scheduler):
    """Addresses and sets of servers are forgotten after seconds, when nobody asks for them."""
    s = Scenario(f"choice4-{scheduler}-expiration", f"How long {scheduler} keeps a set as it is")
    for n in range(1, 9):
        s.mark("tcp", virtual(n), 0, MARK)
    s.rule(f"-A -f {MARK} -s {scheduler}")
    s.sysctl(f"{scheduler}_expiration", 3)
    for number in range(1, 6):
        s.rule(f"-a -f {MARK} -r {server(number)}:0 -m -w {2 + number % 2}")
    count = 0
    for burst in range(7):
        for _ in range(14):
            count += 1
            target = virtual(s.random.randint(1, 8 if burst < 3 else 4))
            s.from_client(frames.tcp(client(count), target, 2000 + count, 80, "S"))
            if s.random.random() < 0.4:
                s.from_client(frames.tcp(client(count), target, 2000 + count, 80, "FA"))
        s.list("-Ln")
        s.wait(3.5 if burst % 2 else 1.2)
    s.list("-Ln")


def across(six):
    """Servers of the other family, through tunnels: what their slots in mh's table follow from."""
    s = Scenario(f"choice{6 if six else 4}-across-mh", "mh with servers of the other IP version")
    place = f"-t {at(virtual(1, six), 80)}"
    s.rule(f"-A {place} -s mh -b mh-port")
    for number in range(1, 5):
        s.rule(f"-a {place} -r {at(server(number, not six), 80)} -i -w {number}")
    for number in range(5, 8):
        s.rule(f"-a {place} -r {at(server(number, six), 80)} -i -w {number}")
    for n in range(150):
        s.from_client(frames.tcp(client(n, six), virtual(1, six), 3000 + n * 7, 80, "S"))
    s.list("-Ln")


def refused():
    s = Scenario("choice-refused", "Real servers that the kernel does not take")
    s.rule("-A -t 10.0.0.1:80 -s rr")
    s.rule("-A -t [fd00::1]:80 -s rr")
    for address in ("224.0.0.1", "239.255.255.255", "255.255.255.255", "0.0.0.0",
                    "10.2.255.255"):
        s.bad_rule(f"-a -t 10.0.0.1:80 -r {address}:80 -m")
    for address in ("ff02::1", "ff0e::5", "fe80::1", "::", "::ffff:10.2.1.1"):
        s.bad_rule(f"-a -t [fd00::1]:80 -r [{address}]:80 -m")
    s.bad_rule("-a -t 10.0.0.1:80 -r [fd02::1:1]:80 -m")
    s.bad_rule("-a -t 10.0.0.1:80 -r [fd02::1:1]:80 -g")
    s.bad_rule("-a -t [fd00::1]:80 -r 10.2.1.1:80 -g")
    s.bad_rule("-a -t 10.0.0.1:80 -r 10.2.1.1:80 -m -x 3 -y 4")
    s.bad_rule("-e -t 10.0.0.1:81 -r 10.2.1.1:80 -m")
    s.bad_rule("-d -f 9 -r 10.2.1.1:80")
    s.bad_rule("-E -t 10.0.0.1:81 -s rr")
    for address in ("0.1.2.3", "10.1.0.0", "127.0.0.1", "240.0.0.1", "10.0.0.5", "255.255.255.254",
                    "1.2.3.4"):
        s.rule(f"-a -t 10.0.0.1:80 -r {address}:80 -m")
    for address in ("::1", "fec0::1", "::10.2.1.1", "fc00::1", "64:ff9b::1"):
        s.rule(f"-a -t [fd00::1]:80 -r [{address}]:80 -m")
    s.rule("-a -t 10.0.0.1:80 -r [fd02::1:1]:80 -i")
    s.list("-Ln")


def kept_counts():
    """A server, or a whole service, that is deleted and added again: what is still counted."""
    s = Scenario("choice-kept-counts", "Counters of what was deleted and added again")
    s.service("u", "rr", virtual(), 53, [server(1), server(2)], "-m")
    for n in range(8):
        s.from_client(frames.udp(client(n), virtual(), 2000 + n, 53, b"q"))
    s.wait(2.3)
    s.list("-Ln --stats")
    s.rule(f"-d -u 10.0.0.1:53 -r {server(1)}:53")
    s.from_client(frames.udp(client(0), virtual(), 2000, 53, b"q"))
    s.from_client(frames.udp(client(1), virtual(), 2001, 53, b"q"))
    s.rule(f"-a -u 10.0.0.1:53 -r {server(1)}:53 -m -w 3")
    for n in range(8, 12):
        s.from_client(frames.udp(client(n), virtual(), 2000 + n, 53, b"q"))
    s.wait(2.3)
    s.list("-Ln --stats")
    s.list("-Ln")
    s.rule("-D -u 10.0.0.1:53")
    s.service("u", "rr", virtual(), 53, [server(2), server(1)], "-m")
    s.list("-Ln")
    s.wait(2.3)
    s.list("-Ln --stats")
    for n in range(10, 15):
        s.from_client(frames.udp(client(n), virtual(), 2000 + n, 53, b"q"))
    s.wait(2.3)
    s.list("-Ln --stats")
    s.rule("-Z")
    s.wait(2.3)
    s.list("-Ln --stats")
    s.list("-Ln")
