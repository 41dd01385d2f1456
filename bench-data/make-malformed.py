#!/usr/bin/python3
"""Writes traces/malformed.pcap: frames that are each wrong in one named way, or right but odd.

Every frame is aimed at a node and a published port of stacks/web.yml, so that it gets as far into
the data plane as its fault allows, and has a source port of its own, so that no frame can be
mistaken for a part of another's flow (fragments of one packet and cuts of one frame excepted).
scapy builds the frames and their checksums; the faults are put in afterwards, by offset.
malformed.txt says, per frame number, what is wrong. The same bytes come out every time: times
count up from a fixed start and the random bytes have a fixed seed.

usage: make-malformed.py [OUTPUT-DIRECTORY]        needs Debian's python3-scapy
"""

import struct
import sys
from pathlib import Path

sys.dont_write_bytecode = True

from malformed import control, ipv4, ipv6, link_layer, mesh, transports

START_SECONDS = 1_700_000_000  # any fixed moment

GROUPS = [
    ("cut", link_layer.cuts),
    ("ethernet", link_layer.ethernet),
    ("vlan", link_layer.vlan),
    ("arp", link_layer.arp),
    ("ipv4", ipv4.ipv4),
    ("ipv4-options", ipv4.ipv4_options),
    ("ipv4-fragments", ipv4.ipv4_fragments),
    ("ipv6", ipv6.ipv6),
    ("ipv6-extensions", ipv6.ipv6_extensions),
    ("ipv6-fragments", ipv6.ipv6_fragments),
    ("tcp", transports.tcp_faults),
    ("udp", transports.udp_faults),
    ("sctp", transports.sctp_faults),
    ("icmp", control.icmp),
    ("icmpv6", control.icmpv6),
    ("vxlan", mesh.vxlan),
    ("addresses", mesh.addresses),
    ("noise", mesh.noise),
]


def main():
    default = Path(__file__).resolve().parent / "traces"
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)]
    lines = []
    for group, make in GROUPS:
        for description, frame in make():
            number = len(lines) + 1
            lines.append(f"{number}\t{group}\t{description}\n")
            seconds, thousandths = divmod(number, 1000)
            records.append(struct.pack("<IIII", START_SECONDS + seconds, thousandths * 1000,
                                       len(frame), len(frame)) + frame)
    output.mkdir(parents=True, exist_ok=True)
    (output / "malformed.pcap").write_bytes(b"".join(records))
    (output / "malformed.txt").write_text("".join(lines))
    print(f"{len(lines)} frames", file=sys.stderr)


main()
