"""Faults of ICMP and ICMPv6: echo, errors and the packets they quote, neighbour discovery."""

import struct

from scapy.all import (ICMP, IP, TCP, UDP, ICMPv6DestUnreach, ICMPv6EchoRequest, ICMPv6ND_NS,
                       ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6, Raw, raw)

from malformed.build import (CLIENT, CLIENT6, NODE, NODE6, WEB, internet_checksum, ip, ip6, link,
                             patched, query)


def icmp():
    quoted = IP(src=NODE, dst=CLIENT) / TCP(sport=WEB, dport=33333, seq=1)
    echo = link() / ip() / ICMP(id=1) / query()
    yield "echo request to the node (nothing is wrong)", raw(echo)
    yield "echo request, checksum wrong", patched(echo, (36, b"\xde\xad"))
    yield "echo request without payload (nothing is wrong)", raw(link() / ip() / ICMP(id=1))
    yield "echo reply that nobody asked for", raw(link() / ip() / ICMP(type=0, id=1) / query())
    yield "echo request to a broadcast address", raw(link() / ip(dst="192.0.2.255") / ICMP(id=1))
    errors = [("port unreachable", 3, 3, 0), ("fragmentation needed, MTU 1400", 3, 4, 1400),
              ("fragmentation needed, MTU 0", 3, 4, 0), ("fragmentation needed, MTU 20", 3, 4, 20),
              ("time exceeded", 11, 0, 0), ("parameter problem", 12, 0, 0),
              ("source quench", 4, 0, 0), ("redirect", 5, 1, 0)]
    for name, kind, code, mtu in errors:
        message = struct.pack("!BBHHH", kind, code, 0, 0, mtu) + raw(quoted)
        yield f"ICMP {name}, quoting a flow nobody knows", raw(
            link() / ip(proto=1) / Raw(summed(message)))
    for length in (0, 1, 8, 19, 20, 21, 24, 27, 28):
        message = struct.pack("!BBHI", 3, 3, 0, 0) + raw(quoted)[:length]
        yield f"ICMP port unreachable, quote of {length} bytes", raw(
            link() / ip(proto=1) / Raw(summed(message)))
    for name, quote in [
            ("quote whose IHL is 15", patched(quoted, (0, b"\x4f"))),
            ("quote whose version is 6", patched(quoted, (0, b"\x65"))),
            ("quote of a later fragment",
             raw(IP(src=NODE, dst=CLIENT, frag=9, proto=6) / query(8))),
            ("quote of an ICMP error",
             raw(IP(src=NODE, dst=CLIENT) / ICMP(type=3, code=3) / quoted)),
            ("quote of an echo request", raw(IP(src=NODE, dst=CLIENT) / ICMP(id=5))),
            ("quote of a packet that the node never sent",
             raw(IP(src="10.9.9.9", dst="10.8.8.8") / UDP(sport=1, dport=2))),
            ("quote whose source and destination are swapped",
             raw(IP(src=CLIENT, dst=NODE) / TCP(sport=33333, dport=WEB)))]:
        message = struct.pack("!BBHI", 3, 3, 0, 0) + quote
        yield f"ICMP port unreachable, {name}", raw(link() / ip(proto=1) / Raw(summed(message)))
    for kind in (2, 13, 17, 42, 255):
        yield f"ICMP type {kind}", raw(
            link() / ip(proto=1) / Raw(summed(struct.pack("!BBHI", kind, 0, 0, 0) + bytes(12))))


def summed(message):
    """An ICMP message with its checksum filled in."""
    return message[:2] + internet_checksum(message) + message[4:]


def icmpv6():
    quoted = IPv6(src=NODE6, dst=CLIENT6) / TCP(sport=WEB, dport=33333, seq=1)
    yield "ICMPv6 echo request to the node (nothing is wrong)", raw(
        link() / ip6() / ICMPv6EchoRequest(id=1, data=b"weft"))
    yield "ICMPv6 echo request, checksum 0", patched(
        link() / ip6() / ICMPv6EchoRequest(id=1), (56, b"\0\0"))
    for name, message in [("port unreachable", ICMPv6DestUnreach(code=4)),
                          ("packet too big, MTU 1400", ICMPv6PacketTooBig(mtu=1400)),
                          ("packet too big, MTU 0", ICMPv6PacketTooBig(mtu=0)),
                          ("packet too big, MTU 1279", ICMPv6PacketTooBig(mtu=1279)),
                          ("time exceeded", ICMPv6TimeExceeded())]:
        yield f"ICMPv6 {name}, quoting a flow nobody knows", raw(link() / ip6() / message / quoted)
    for length in (0, 1, 39, 40, 43):
        yield f"ICMPv6 port unreachable, quote of {length} bytes", raw(
            link() / ip6() / ICMPv6DestUnreach(code=4) / Raw(raw(quoted)[:length]))
    for limit in (255, 64):
        note = "(nothing is wrong)" if limit == 255 else f"with hop limit {limit}, from afar"
        yield f"neighbour solicitation {note}", raw(
            link() / ip6(hlim=limit) / ICMPv6ND_NS(tgt=NODE6))
    yield "neighbour solicitation for a multicast address", raw(
        link() / ip6(hlim=255) / ICMPv6ND_NS(tgt="ff02::1"))
    yield "neighbour solicitation with an option of length 0", raw(
        link() / ip6(hlim=255) / ICMPv6ND_NS(tgt=NODE6) / Raw(b"\x01\x00" + bytes(6)))
