#!/usr/bin/python3
# Runs scenarios through the guest kernel's IPVS and writes each one back with the kernel's answers.
# Every scenario gets a process and a network namespace of its own, so that IPVS, its sysctls and
# all routes are new. The namespace is the director; its links `client` and `server` are TUN
# devices, whose other end is this program: no link header, no ARP, no neighbours, checksums always
# final.
# A write to a TUN device returns after the packet has gone all the way through the stack, so the
# answers lie ready when it returns; one that comes later is an error of the harness ("late").
#
# What is suppressed: whatever IPVS leaves to the director's own TCP, UDP and ICMP (a packet to a
# virtual address that is no service, a scheduled connection to a server on the director itself) is
# dropped by an xfrm policy at the very end of local delivery, behind all hooks of IPVS. So the
# director never sends TCP resets, port unreachables or echo replies of its own, and each ICMP error
# that is recorded was made by IPVS or by forwarding. Router solicitations are off and
# multicast listener reports are left out.

import ctypes
import fcntl
import os
import re
import shlex
import signal
import struct
import subprocess
import sys
import time

import frames

SIDES = ("client", "server")
SCENARIO_SECONDS_MAX = 400
# More than two ticks of a clock of 100 Hz.
TICKS_SECONDS = 0.025
# What the steps but `wait` may take together, so that no entry ends by its timeout unasked: the
# shortest are SCTP's and those set in the scenario, then TCP's CLOSE with 10 seconds.
STEPS_SECONDS_MAX = 8
STEPS_SECONDS_MAX_SHORT = 2.5
# Scenarios that sleep longer than this run last and side by side.
BACKGROUND_SECONDS_MIN = 3
MULTICAST_LISTENER_REPORTS = bytes.fromhex("ff020000000000000000000000000016")
OWN_PREFIXES = ("10.0.0.", "fd00:")
ROUTES = """
link set lo up
link set client mtu 1500 up
link set server mtu 1500 up
addr add 10.1.0.1/16 dev client
addr add 10.2.0.1/16 dev server
addr add fd01::1/64 dev client nodad
addr add fd02::1/64 dev server nodad
route add default dev client
route add ::/0 dev client
"""
XFRM = """
xfrm policy add dir in src 0.0.0.0/0 dst 0.0.0.0/0 action block
xfrm policy add dir in src ::/0 dst ::/0 action block
"""
SYSCTLS = {
    "net/ipv4/ip_forward": 1,
    "net/ipv4/icmp_ratelimit": 0,
    "net/ipv4/icmp_ratemask": 0,
    "net/ipv4/icmp_echo_ignore_broadcasts": 1,
    "net/ipv6/conf/all/forwarding": 1,
    "net/ipv6/conf/all/accept_ra": 0,
    "net/ipv6/icmp/ratelimit": 0,
    "net/ipv6/icmp/ratemask": "",
    # Otherwise the flow labels of the director's own ICMPv6 and tunnel headers are a keyed hash.
    "net/ipv6/auto_flowlabels": 0,
}
LINK_SYSCTLS = {
    "net/ipv4/conf/%s/rp_filter": 0,
    "net/ipv4/conf/%s/send_redirects": 0,
    "net/ipv4/conf/%s/accept_redirects": 0,
    "net/ipv4/conf/%s/accept_local": 1,
    "net/ipv6/conf/%s/addr_gen_mode": 1,
    "net/ipv6/conf/%s/accept_ra": 0,
    "net/ipv6/conf/%s/accept_dad": 0,
    "net/ipv6/conf/%s/router_solicitations": 0,
}


def write_sysctl(name, value):
    with open("/proc/sys/" + name, "w") as file:
        file.write(f"{value}\n")


def run(arguments, text=None):
    result = subprocess.run(
        arguments, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=60)
    return result.returncode, result.stdout


def must_run(arguments, text=None):
    status, output = run(arguments, text)
    if status != 0:
        raise RuntimeError(f"{shlex.join(arguments)} ends with {status}: {output.strip()}")


class Director:
    """A network namespace with IPVS between two TUN devices whose far ends are held here."""

    def __init__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        new_network_namespace = 0x40000000
        if libc.unshare(new_network_namespace) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        write_sysctl("net/ipv6/conf/default/addr_gen_mode", 1)
        self.links = {side: self.open_link(side) for side in SIDES}
        for name, value in SYSCTLS.items():
            write_sysctl(name, value)
        for link in ("all", "default", *SIDES):
            for name, value in LINK_SYSCTLS.items():
                write_sysctl(name % link, value)
        virtual = "".join(
            f"addr add 10.0.0.{n}/32 dev lo\naddr add fd00::{n:x}/128 dev lo nodad\n"
            for n in range(1, 17))
        must_run(["ip", "-batch", "-"], ROUTES + virtual + XFRM)
        must_run(["ipvsadm", "-C"])
        self.collect()

    @staticmethod
    def open_link(name):
        handle = os.open("/run/tun", os.O_RDWR | os.O_NONBLOCK)
        set_interface, tun_without_header = 0x400454CA, 0x1001
        fcntl.ioctl(handle, set_interface, struct.pack("16sH22x", name.encode(),
                                                       tun_without_header))
        return handle

    def collect(self):
        """Everything the director has emitted, the client side first, each side in order."""
        packets = []
        for side in SIDES:
            while True:
                try:
                    packet = os.read(self.links[side], 70000)
                except BlockingIOError:
                    break
                if packet[0] >> 4 == 4 or packet[24:40] != MULTICAST_LISTENER_REPORTS:
                    packets.append((side, packet))
        return packets

    def inject(self, side, packet):
        os.write(self.links[side], packet)
        return self.collect()


def masked_listing(arguments, output):
    """The listing; of connections without the countdown and sorted, as the table's order is a
    keyed hash."""
    lines = output.rstrip("\n").split("\n")
    options = [word for word in arguments if word.startswith("-")]
    is_connections = any(
        word == "--connection" or (not word.startswith("--") and "c" in word) for word in options)
    if not is_connections:
        return lines
    head = [line for line in lines if not re.match(r"[A-Z]+ +\d+:\d\d", line)]
    rows = [re.sub(r"^([A-Z]+ +)\d+:\d\d", r"\1MM:SS", line)
            for line in lines if line not in head]
    return head + sorted(rows)


class Recorder:
    """Replays a scenario's steps and gathers its text with the kernel's answers."""

    def __init__(self):
        self.director = Director()
        self.lines = []
        self.problems = []
        self.last_emitted = {}
        self.expires_at_once = False
        self.tuples = set()

    def emitted(self, packets):
        for side, packet in packets:
            self.lines.append(f"< {side} {packet.hex()}")
            if frames.is_fragment(packet):
                continue
            self.last_emitted[side] = packet
            self.last_emitted[side, *frames.Parsed(frames.inner(packet)).key] = packet

    def note(self, lines):
        self.lines += [f"| {line}".rstrip() for line in lines]

    def step(self, line):
        late = self.director.collect()
        if late:
            self.problems.append(f"late answer before: {line[:60]}")
            self.emitted(late)
        word, _, rest = line.partition(" ")
        if word == "answer":
            line = self.resolved(rest)
            if line is None:
                return
        self.lines.append(line)
        word, _, rest = line.partition(" ")
        {
            "title": self.ignore, "sysctl": self.sysctl, "mtu": self.mtu,
            "ipvsadm": self.ipvsadm, "ipvsadm!": self.failing_ipvsadm, "mark": self.mark,
            "wait": self.wait, ">": self.inject, "list": self.list,
        }[word](rest)

    def resolved(self, rest):
        """The `>` line of an `answer` line; None when the director emitted nothing to answer."""
        side, kind, *words = rest.split()
        options = dict(word.split("=", 1) for word in words)
        key = side
        if "of" in options:
            source, port = options["of"].split(",")
            key = side, frames.PROTOCOLS[options.get("flow", kind)], source, int(port)
        packet = self.last_emitted.get(key)
        return packet and f"> {side} {frames.answer(packet, kind, options).hex()}"

    def ignore(self, rest):
        pass

    def sysctl(self, rest):
        name, _, value = rest.partition(" ")
        write_sysctl(f"net/ipv4/vs/{name}", value)
        if name.startswith("expire_") and value != "0":
            self.expires_at_once = True

    def mtu(self, rest):
        side, size = rest.split()
        must_run(["ip", "link", "set", side, "mtu", size])

    def ipvsadm(self, rest):
        status, output = run(["ipvsadm", *shlex.split(rest)])
        if status != 0 or output:
            self.problems.append(f"ipvsadm {rest}: {status} {output.strip()}")
            self.note(output.rstrip("\n").split("\n"))
        self.emitted(self.director.collect())

    def failing_ipvsadm(self, rest):
        status, output = run(["ipvsadm", *shlex.split(rest)])
        if status == 0:
            self.problems.append(f"ipvsadm! {rest}: succeeded")
        self.note(output.rstrip("\n").split("\n"))

    def mark(self, rest):
        protocol, address, port, mark = rest.split()
        command = "ip6tables-legacy" if ":" in address else "iptables-legacy"
        ports = [] if port == "0" else ["--dport", port]
        must_run([command, "-w", "-t", "mangle", "-A", "PREROUTING", "-p", protocol,
                  "-d", address, *ports, "-j", "MARK", "--set-mark", mark])
        if not address.startswith(OWN_PREFIXES):
            # As for a transparent cache: what is marked is delivered here, whatever its address.
            family = "-6" if ":" in address else "-4"
            run(["ip", family, "rule", "add", "iif", "client", "fwmark", mark, "lookup", "100"])
            run(["ip", family, "route", "add", "local", "default", "dev", "lo", "table", "100"])

    def wait(self, rest):
        time.sleep(float(rest))
        self.emitted(self.director.collect())

    def inject(self, rest):
        side, text = rest.split()
        packet = bytes.fromhex(text)
        self.emitted(self.director.inject(side, packet))
        if self.may_expire_now(packet):
            time.sleep(TICKS_SECONDS)

    def may_expire_now(self, packet):
        """Whether the packet can make IPVS end an entry at once, which it does at the next tick of
        the kernel's clock: until then the entry is still found. The tick is waited for."""
        if self.expires_at_once:
            return True
        if frames.is_fragment(packet):
            return False
        seen = frames.Parsed(packet)
        tuple_ = *seen.key, seen.target, seen.dport
        is_again = tuple_ in self.tuples
        self.tuples.add(tuple_)
        return is_again and (
            seen.protocol == frames.TCP and len(seen.transport) > 13 and seen.transport[13] & 2
            or seen.protocol == frames.SCTP and seen.transport[12:13] == b"\1")

    def list(self, rest):
        arguments = shlex.split(rest)
        status, output = run(["ipvsadm", *arguments])
        if status != 0:
            self.problems.append(f"list {rest}: {status}")
        self.note(masked_listing(arguments, output))


def record(source, target):
    """Runs one scenario in this process; the caller has made the process for it."""
    recorder = Recorder()
    with open(source, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    begin = time.monotonic()
    for line in lines:
        if line.startswith(("<", "|")):
            continue
        if not line.strip() or line.startswith("#"):
            recorder.lines.append(line)
            continue
        try:
            recorder.step(line)
        except Exception as error:
            recorder.problems.append(f"{line[:70]}: {error}")
    waits = sum(float(line.split()[1]) for line in lines if line.startswith("wait "))
    seconds = time.monotonic() - begin - waits
    is_short = any("SCTP" in line or "--set" in line for line in lines)
    if seconds > (STEPS_SECONDS_MAX_SHORT if is_short else STEPS_SECONDS_MAX):
        recorder.problems.append(f"took {seconds:.1f} s besides its waits")
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(recorder.lines) + "\n")
    return recorder.problems


def start(work, name, report):
    """Records a scenario in a child. The child never ends: a namespace that is torn down can wait
    for references to its links for ever and would block all others, so that all of them stay until
    the guest is switched off. The pipe that comes back is closed when the scenario is recorded."""
    finished, ending = os.pipe()
    if os.fork() == 0:
        signal.alarm(SCENARIO_SECONDS_MAX)
        os.close(finished)
        try:
            problems = record(f"{work}/input/{name}", f"{work}/output/{name}")
        except BaseException as error:
            problems = [f"{type(error).__name__}: {error}"]
        signal.alarm(0)
        with open(report, "a", encoding="utf-8") as file:
            for problem in problems:
                file.write(f"{name}: {problem}\n")
        os.close(ending)
        while True:
            signal.pause()
    os.close(ending)
    return finished


def waiting_seconds(path):
    with open(path, encoding="utf-8") as file:
        return sum(float(line.split()[1]) for line in file if line.startswith("wait "))


def main():
    work, shard = sys.argv[1], sys.argv[2]
    report = f"{work}/problems{shard}.txt"
    with open(f"{work}/shard{shard}.txt", encoding="utf-8") as file:
        names = file.read().split()
    sleepers = [name for name in names
                if waiting_seconds(f"{work}/input/{name}") > BACKGROUND_SECONDS_MIN]
    for name in names:
        if name in sleepers:
            continue
        begin = time.monotonic()
        finished = start(work, name, report)
        os.read(finished, 1)
        os.close(finished)
        print(f"{name} {time.monotonic() - begin:.1f}", flush=True)
    for finished in [start(work, name, report) for name in sleepers]:
        os.read(finished, 1)
    with open(f"{work}/done{shard}", "w", encoding="utf-8") as file:
        file.write("done\n")


if __name__ == "__main__":
    main()
