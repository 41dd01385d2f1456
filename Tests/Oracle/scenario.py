# A scenario being written: an append-only list of lines in the format that README.md describes,
# with one method per kind of line. The addresses of the fixed topology are named here once.

import random

import frames

CLIENT4, CLIENT6 = "10.1.0.%d", "fd01::%x"
VIRTUAL4, VIRTUAL6 = "10.0.0.%d", "fd00::%x"
SERVER4, SERVER6 = "10.2.1.%d", "fd02::1:%x"


def server(number, six=False):
    return (SERVER6 if six else SERVER4) % number


def virtual(number=1, six=False):
    return (VIRTUAL6 if six else VIRTUAL4) % number


def client(number, six=False):
    """Clients beyond 250 run on in the third byte."""
    if six:
        return CLIENT6 % (number + 2)
    return f"10.1.{number // 250}.{number % 250 + 2}"


def at(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Scenario:
    all = {}

    def __init__(self, name, title, seed=0):
        if name in Scenario.all:
            raise ValueError(f"two scenarios named {name}")
        Scenario.all[name] = self
        self.name = name
        self.random = random.Random(f"{name} {seed}")
        self.lines = [f"title {title}"]

    def add(self, line):
        self.lines.append(line)

    def remark(self, text):
        self.add(f"# {text}")

    def sysctl(self, name, value):
        self.add(f"sysctl {name} {value}")

    def mtu(self, side, size):
        self.add(f"mtu {side} {size}")

    def rule(self, text):
        self.add(f"ipvsadm {text}")

    def bad_rule(self, text):
        self.add(f"ipvsadm! {text}")

    def mark(self, protocol, address, port, mark):
        self.add(f"mark {protocol} {address} {port} {mark}")

    def wait(self, seconds):
        self.add(f"wait {seconds:g}")

    def list(self, arguments="-Ln"):
        self.add(f"list {arguments}")

    def from_client(self, packet):
        self.add(f"> client {packet.hex()}")

    def from_server(self, packet):
        self.add(f"> server {packet.hex()}")

    def answer(self, side, kind, **options):
        """Resolved while recording, from the packet that the kernel emitted last on that side."""
        words = " ".join(f"{name.rstrip('_')}={value}" for name,
                         value in options.items() if value != "")
        self.add(f"answer {side} {kind} {words}")

    def service(self, protocol, scheduler, virtual_address, port, servers, forward="-m",
                flags="", weights=None, target_port=None):
        """A service and its servers, added in the given order."""
        place = at(virtual_address, port)
        self.rule(f"-A -{protocol} {place} -s {scheduler} {flags}".rstrip())
        for index, address in enumerate(servers):
            weight = weights[index] if weights else 1
            there = at(address, target_port if target_port is not None else port)
            self.rule(f"-a -{protocol} {place} -r {there} {forward} -w {weight}")

    def text(self):
        return "\n".join(self.lines) + "\n"


def tcp_exchange(scenario, source, sport, target, dport, steps, payload=b""):
    """Sends a TCP conversation: each step is `c:FLAGS` from the client, `s:FLAGS` the server's
    answer to what it was handed last of this client."""
    seq, ack = 1000 + sport, 0
    for step in steps.split():
        side, flags = step.split(":")
        if side == "c":
            body = payload if "P" in flags else b""
            scenario.from_client(frames.tcp(source, target, sport, dport, flags, seq=seq, ack=ack,
                                            payload=body))
            seq += len(body) + ("S" in flags or "F" in flags)
            ack = ack or 7001
        else:
            scenario.answer("server", "tcp", flags=flags, of=f"{source},{sport}",
                            payload=payload.hex() if "P" in flags else "")
