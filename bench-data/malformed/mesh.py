"""VXLAN from strangers, addresses that make no sense, and bytes changed at random."""

import random
import struct

from scapy.all import ARP, TCP, UDP, Ether, Raw, raw

from malformed.build import (CLIENT, INGRESS_VNI, NOBODY_MAC, NODE, NODE_MAC, PEER_VTEP,
                             STRANGER, TASK_MAC, VTEP, WEB, ip, ip6, link, next_port, patched,
                             query, sctp, tcp, udp)

SEED = 20240229  # any fixed number


def vxlan():
    def outer(source=PEER_VTEP, **fields):
        return link() / ip(src=source, dst=VTEP) / UDP(
            **{"sport": next(next_port), "dport": 4789, **fields})

    def inner(mac=TASK_MAC):
        return Ether(src=NODE_MAC, dst=mac) / ip() / tcp()

    def header(flags=8, vni=INGRESS_VNI, reserved=0):
        return Raw(struct.pack("!BBHI", flags, 0, reserved, vni << 8))

    yield "VXLAN from a node, to a MAC as a task would have", raw(
        outer(chksum=0) / header() / inner())
    yield "VXLAN with a UDP checksum (allowed)", raw(outer() / header() / inner())
    yield "VXLAN with a wrong UDP checksum", raw(outer(chksum=0xDEAD) / header() / inner())
    yield "VXLAN from a stranger", raw(outer(STRANGER, chksum=0) / header() / inner())
    yield "VXLAN from a client, to the node's client address", raw(
        link() / ip() / UDP(sport=50001, dport=4789, chksum=0) / header() / inner())
    for vni in (0, 1, 4095, 9999, 0xFFFFFF):
        yield f"VXLAN, VNI {vni} of no network", raw(outer(chksum=0) / header(vni=vni) / inner())
    for flags in (0, 0x04, 0x0C, 0xFF, 0x88):
        yield f"VXLAN flags {flags:02x}", raw(outer(chksum=0) / header(flags) / inner())
    yield "VXLAN reserved bytes set", raw(outer(chksum=0) / header(reserved=0xBEEF) / inner())
    yield "VXLAN, inner MAC of nobody", raw(outer(chksum=0) / header() / inner(NOBODY_MAC))
    yield "VXLAN, inner MAC broadcast", raw(
        outer(chksum=0) / header() / inner("ff:ff:ff:ff:ff:ff"))
    yield "VXLAN, inner ARP", raw(
        outer(chksum=0) / header() / Ether(src=NODE_MAC, dst=TASK_MAC)
        / ARP(hwsrc=NODE_MAC, psrc="10.0.0.2", pdst="10.0.0.5"))
    yield "VXLAN in VXLAN", raw(outer(chksum=0) / header() / Ether(src=NODE_MAC, dst=TASK_MAC)
                                / ip(src=PEER_VTEP, dst=VTEP)
                                / UDP(sport=50002, dport=4789, chksum=0) / header() / inner())
    for length in (0, 7, 13, 14, 20, 33, 34, 40, 53):
        yield f"VXLAN, inner frame of {length} bytes, outer lengths right", raw(
            outer(chksum=0) / header() / Raw(raw(inner())[:length]))
    yield "VXLAN header of 4 bytes, outer lengths right", raw(outer(chksum=0) / Raw(b"\x08\0\0\0"))
    yield "VXLAN without a header, outer lengths right", raw(outer(chksum=0))
    yield "VXLAN, inner TTL 1", raw(outer(chksum=0) / header() / Ether(
        src=NODE_MAC, dst=TASK_MAC) / ip(ttl=1) / tcp())
    yield "VXLAN, outer packet is a first fragment", raw(
        link() / ip(src=PEER_VTEP, dst=VTEP, flags="MF", id=31)
        / UDP(sport=50003, dport=4789, chksum=0) / header() / inner())


def addresses():
    for name, source, target in [
            ("source = destination (land)", NODE, NODE),
            ("source another node", "192.0.2.12", NODE),
            ("source 0.0.0.0", "0.0.0.0", NODE), ("source 127.0.0.1", "127.0.0.1", NODE),
            ("source 224.0.0.1", "224.0.0.1", NODE),
            ("source 255.255.255.255", "255.255.255.255", NODE),
            ("source 240.0.0.1", "240.0.0.1", NODE), ("destination 0.0.0.0", CLIENT, "0.0.0.0"),
            ("destination 127.0.0.1", CLIENT, "127.0.0.1"),
            ("destination 224.0.0.1", CLIENT, "224.0.0.1"),
            ("destination 255.255.255.255", CLIENT, "255.255.255.255"),
            ("destination 192.0.2.255, the subnet's broadcast", CLIENT, "192.0.2.255"),
            ("destination 192.0.2.99, no node's", CLIENT, "192.0.2.99"),
            ("destination another client", CLIENT, "203.0.113.8"),
            ("destination a VTEP, on a published port", CLIENT, VTEP)]:
        yield f"IPv4 {name}", raw(link() / ip(src=source, dst=target) / tcp())
    yield "land: source and destination address and port equal", raw(
        link() / ip(src=NODE) / TCP(sport=WEB, dport=WEB, flags="S"))


def noise():
    """Good frames with one byte changed, then bytes without sense."""
    source = random.Random(SEED)
    for _ in range(40):
        makers = [lambda: ip() / tcp(), lambda: ip() / udp() / query(), lambda: ip6() / tcp(),
                  lambda: ip() / sctp(), lambda: ip6() / udp() / query()]
        frame = raw(link() / source.choice(makers)())
        offset, change = source.randrange(12, len(frame)), source.randrange(1, 256)
        yield (f"byte {offset} changed by {change:02x}",
               patched(frame, (offset, bytes([frame[offset] ^ change]))))
    for size in (14, 20, 60, 64, 100, 1000, 1514):
        yield f"{size} random bytes", source.randbytes(size)
    for size in (20, 40, 60, 100, 1000):
        yield f"a good Ethernet header, then {size} random bytes as IPv4", raw(
            link(0x0800)) + source.randbytes(size)
        yield f"a good Ethernet header, then {size} random bytes as IPv6", raw(
            link(0x86DD)) + source.randbytes(size)
