"""Faults of the IPv6 header, its extension chain (RFC 8200) and its fragments (RFC 5722, 7112)."""

import struct

from scapy.all import (ICMP, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, PadN, Raw, raw)
from scapy.layers.inet6 import RouterAlert

from malformed.build import CLIENT6, IPV6, NODE6, ip6, link, patched, query, tcp, udp


def ipv6():
    def whole():
        return link() / ip6() / tcp()

    for version in (0, 4, 5, 15):
        yield f"IPv6 version {version}", patched(whole(), (14, bytes([version << 4])))
    for length in (0, 1, 19):
        yield f"payload length {length}, the packet has 20", patched(
            whole(), (18, struct.pack("!H", length)))
    for length in (21, 1460, 65535):
        yield f"payload length {length}, longer than the frame", patched(
            whole(), (18, struct.pack("!H", length)))
    for limit in (0, 1):
        yield f"hop limit {limit}", raw(link() / ip6(hlim=limit) / tcp())
    for name, source, target in [
            ("source unspecified", "::", NODE6), ("source loopback", "::1", NODE6),
            ("source multicast", "ff02::1", NODE6), ("source = destination", NODE6, NODE6),
            ("destination unspecified", CLIENT6, "::"), ("destination loopback", CLIENT6, "::1"),
            ("destination all nodes", CLIENT6, "ff02::1"),
            ("destination link-local", CLIENT6, "fe80::11"),
            ("destination the node's IPv4, mapped", CLIENT6, "::ffff:192.0.2.11")]:
        yield f"IPv6 {name}", raw(link() / ip6(src=source, dst=target) / tcp())
    yield "next header 59, none", raw(link() / ip6(nh=59))
    yield "next header 59 with bytes after it", raw(link() / ip6(nh=59) / query(20))
    yield "next header 255", raw(link() / ip6(nh=255) / query(20))
    yield "next header 1, ICMP for IPv4", raw(link() / ip6(nh=1) / ICMP(id=1))
    yield "TCP of 1460 bytes: too big to encapsulate", raw(
        link() / ip6() / tcp(flags="A") / query(1460 - 60))


def ipv6_extensions():
    def hop():
        return IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)])

    def options():
        return IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])

    def chain(count, header):
        frame = link() / ip6()
        for _ in range(count):
            frame = frame / header()
        return raw(frame / tcp())

    yield "hop-by-hop, then TCP (nothing is wrong)", raw(link() / ip6() / hop() / tcp())
    yield "router alert, then TCP", raw(
        link() / ip6() / IPv6ExtHdrHopByHop(options=[RouterAlert()]) / tcp())
    yield "destination options, then TCP (nothing is wrong)", chain(1, options)
    yield "hop-by-hop, destination options, routing, TCP", raw(
        link() / ip6() / hop() / options() / IPv6ExtHdrRouting(addresses=[], segleft=0) / tcp())
    yield "hop-by-hop not first", raw(link() / ip6() / options() / hop() / tcp())
    yield "hop-by-hop twice", chain(2, hop)
    for count in (4, 8, 9, 16, 64, 170):
        yield f"{count} destination options headers", chain(count, options)
    def whole():
        return link() / ip6() / hop() / tcp()

    yield "extension length 255, beyond the frame", patched(whole(), (55, b"\xff"))
    yield "extension length that ends inside TCP", patched(whole(), (55, b"\x02"))
    yield "option length beyond its header", patched(whole(), (57, b"\x40"))
    yield "unknown option, action discard", patched(whole(), (56, b"\x7e"))
    yield "unknown option, action discard and say so", patched(whole(), (56, b"\xbe"))
    yield "extension header that names itself for ever", patched(
        link() / ip6() / options() / options() / query(8), (62, b"\x3c"))
    yield "routing header type 0, segments left", raw(
        link() / ip6() / IPv6ExtHdrRouting(type=0, addresses=["2001:db8::1"], segleft=1) / tcp())
    yield "authentication header, then TCP", raw(
        link() / ip6(nh=51) / Raw(b"\x06\x04" + bytes(22))
        / Raw(raw(ip6() / tcp())[IPV6:]))
    yield "ESP: nothing to see behind it", raw(link() / ip6(nh=50) / query(40))
    yield "mobility header", raw(link() / ip6(nh=135) / Raw(b"\x3b\x00" + bytes(6)))


def ipv6_fragments():
    def piece(identifier, offset, more, payload, nh=17):
        return raw(link() / ip6() / IPv6ExtHdrFragment(nh=nh, offset=offset // 8, m=more,
                                                       id=identifier) / Raw(payload))

    def datagram():
        return raw(ip6() / udp() / query(600))[IPV6:]

    body = datagram()
    yield "IPv6 fragments in order, 1 of 2 (nothing is wrong)", piece(201, 0, 1, body[:304])
    yield "IPv6 fragments in order, 2 of 2 (nothing is wrong)", piece(201, 304, 0, body[304:])
    body = datagram()
    yield "IPv6 later fragment before the first", piece(202, 304, 0, body[304:])
    yield "IPv6 first fragment after it", piece(202, 0, 1, body[:304])
    body = datagram()
    yield "atomic fragment: offset 0, no more (nothing is wrong)", piece(203, 0, 0, body)
    yield "IPv6 fragment of zero length, first", piece(204, 0, 1, b"")
    yield "IPv6 fragment of zero length, later", piece(205, 64, 1, b"")
    yield "IPv6 fragment length not a multiple of 8, more to come", piece(206, 0, 1, body[:301])
    body = datagram()
    yield "IPv6 first fragment, to be overlapped", piece(207, 0, 1, body[:304])
    yield "IPv6 fragment that overlaps (RFC 5722)", piece(207, 152, 0, body[152:])
    yield "IPv6 fragment past 65535 bytes", piece(208, 65528, 0, query(64).load)
    yield "IPv6 first fragment without the whole UDP header", piece(209, 0, 1, body[:0])
    yield "IPv6 first fragment that ends inside the extension chain (RFC 7112)", raw(
        link() / ip6() / IPv6ExtHdrFragment(nh=60, m=1, id=210) / Raw(b"\x11\x02" + bytes(6)))
    yield "fragment header twice", raw(
        link() / ip6() / IPv6ExtHdrFragment(nh=44, m=0, id=211)
        / IPv6ExtHdrFragment(nh=17, m=0, id=211) / Raw(datagram()))
    yield "reserved bits of the fragment header set", patched(
        piece(212, 0, 0, datagram()), (55, b"\xff"))
    for index in range(20):
        yield f"IPv6 fragment flood, later fragment {index + 1} of 20 without a first", piece(
            3000 + index, 64, 1, query(64).load)
