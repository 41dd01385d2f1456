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

import random
import struct
import sys
from pathlib import Path

from scapy.all import (ARP, ICMP, IP, TCP, UDP, Dot1Q, Ether, ICMPv6DestUnreach,
                       ICMPv6EchoRequest, ICMPv6ND_NS, ICMPv6PacketTooBig, ICMPv6TimeExceeded,
                       IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, PadN, Raw, SCTP, SCTPChunkInit, conf, raw)
from scapy.layers.inet6 import RouterAlert
from scapy.layers.sctp import crc32c
from scapy.layers.vxlan import VXLAN

SEED = 20240229
START_SECONDS = 1_700_000_000  # any fixed moment
CLIENT, CLIENT6 = "203.0.113.7", "2001:db8:0:3::7"
NODE, NODE6 = "192.0.2.11", "2001:db8:0:1::11"
VTEP, PEER_VTEP, STRANGER = "198.51.100.11", "198.51.100.12", "198.51.100.99"
CLIENT_MAC, NODE_MAC = "02:00:00:00:03:07", "02:00:00:00:01:11"
TASK_MAC, NOBODY_MAC = "02:42:0a:00:00:05", "02:42:0a:ff:ff:fe"
WEB, DNS, IPERF, SIGNAL = 8080, 5353, 5201, 3868
INGRESS_VNI = 4096
ETHERNET, IPV4, IPV6 = 14, 20, 40  # header lengths

conf.ipv6_enabled = True
next_port = iter(range(20000, 60000))


def link(kind=None):
    """Without `kind`, scapy derives the EtherType from what follows."""
    return Ether(src=CLIENT_MAC, dst=NODE_MAC, **({} if kind is None else {"type": kind}))


def ip(**fields):
    return IP(**{"src": CLIENT, "dst": NODE, "id": 7, **fields})


def ip6(**fields):
    return IPv6(**{"src": CLIENT6, "dst": NODE6, **fields})


def tcp(**fields):
    return TCP(**{"sport": next(next_port), "dport": WEB, "seq": 1000, "flags": "S", **fields})


def udp(**fields):
    return UDP(**{"sport": next(next_port), "dport": DNS, **fields})


def sctp():
    return SCTP(sport=next(next_port), dport=SIGNAL, tag=0) / SCTPChunkInit(init_tag=1)


def query(size=34):
    """A DNS query for www.example.test, followed by counting bytes up to `size`, or cut there."""
    message = bytes.fromhex("123401000001000000000000") + b"\3www\7example\4test\0\0\1\0\1"
    counting = bytes(index & 0xFF for index in range(size))
    return Raw((message + counting[len(message):])[:size])


def patched(frame, *changes):
    """`changes` are (offset, new bytes)."""
    octets = bytearray(raw(frame))
    for offset, value in changes:
        octets[offset:offset + len(value)] = value
    return bytes(octets)


def internet_checksum(octets):
    """RFC 1071, over the whole of `octets`."""
    octets = bytes(octets) + b"\0" * (len(octets) & 1)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack("!H", ~total & 0xFFFF)


# The next three leave only the intended fault: they make the checksum right again.

def patched_ipv4(frame, *changes):
    octets = bytearray(patched(frame, *changes))
    end = min(ETHERNET + max((octets[ETHERNET] & 15) * 4, IPV4), len(octets))
    octets[ETHERNET + 10:ETHERNET + 12] = b"\0\0"
    octets[ETHERNET + 10:ETHERNET + 12] = internet_checksum(octets[ETHERNET:end])
    return bytes(octets)


def patched_tcp(frame, *changes):
    octets = bytearray(patched(frame, *changes))
    segment = ETHERNET + IPV4
    octets[segment + 16:segment + 18] = b"\0\0"
    pseudo_header = octets[ETHERNET + 12:segment] + struct.pack("!HH", 6, len(octets) - segment)
    octets[segment + 16:segment + 18] = internet_checksum(pseudo_header + octets[segment:])
    return bytes(octets)


def patched_sctp(frame, *changes):
    octets = bytearray(patched(frame, *changes))
    packet = ETHERNET + IPV4
    octets[packet + 8:packet + 12] = bytes(4)
    octets[packet + 8:packet + 12] = struct.pack("!I", crc32c(bytes(octets[packet:])))
    return bytes(octets)


# ------------------------------------------------------------------------------------- cut short

def cuts():
    """Each kind of frame cut inside and at the edge of every header it has."""
    vxlan = (link() / ip(src=PEER_VTEP, dst=VTEP) / UDP(sport=50000, dport=4789)
             / VXLAN(flags=8, vni=INGRESS_VNI) / Ether(src=NODE_MAC, dst=TASK_MAC)
             / ip() / tcp())
    kinds = [
        ("TCP over IPv4", link() / ip() / tcp(options=[("MSS", 1410)]),
         [0, 1, 6, 12, 13, 14, 15, 33, 34, 35, 38, 47, 53, 54, 57]),
        ("UDP over IPv4", link() / ip() / udp() / query(), [34, 35, 38, 41, 42, 43, 65]),
        ("SCTP over IPv4", link() / ip() / sctp(), [34, 38, 45, 46, 47, 49, 50]),
        ("ICMP echo", link() / ip() / ICMP(id=1) / query(), [34, 35, 37, 38, 41, 42]),
        ("TCP over IPv6", link() / ip6() / tcp(), [14, 15, 53, 54, 55, 58, 73]),
        ("UDP over IPv6", link() / ip6() / udp() / query(), [54, 58, 61, 62, 70]),
        ("ICMPv6 echo", link() / ip6() / ICMPv6EchoRequest(id=1), [54, 55, 57, 58, 61]),
        ("hop-by-hop options", link() / ip6()
         / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 12)]) / udp() / query(),
         [54, 55, 56, 61, 62, 69, 70]),
        ("IPv6 fragment header", link() / ip6() / IPv6ExtHdrFragment(m=1, id=9) / udp() / query(),
         [54, 55, 58, 61, 62, 66]),
        ("ARP request", link() / ARP(hwsrc=CLIENT_MAC, psrc=CLIENT, pdst=NODE),
         [14, 15, 21, 22, 28, 41]),
        ("802.1Q", link() / Dot1Q(vlan=7) / ip() / tcp(), [14, 15, 16, 17, 18, 19, 37]),
        ("VXLAN", vxlan, [42, 43, 49, 50, 51, 63, 64, 65, 83, 84, 88, 103]),
    ]
    for name, frame, lengths in kinds:
        for length in lengths:
            yield f"{name} cut after {length} of {len(frame)} bytes", raw(frame)[:length]


# ----------------------------------------------------------------------------------- link layer

def ethernet():
    def body():
        return raw(ip() / tcp())

    pair = bytes.fromhex((NODE_MAC + CLIENT_MAC).replace(":", ""))
    yield "EtherType 0", pair + b"\0\0" + body()
    yield "EtherType 05dc: a length, the largest of 802.3", pair + b"\x05\xdc" + body()
    yield "EtherType 05ff: neither a length nor a type", pair + b"\x05\xff" + body()
    yield "EtherType ffff", pair + b"\xff\xff" + body()
    yield "EtherType says IPv6, the packet is IPv4", pair + b"\x86\xdd" + body()
    yield "EtherType says IPv4, the packet is IPv6", pair + b"\x08\x00" + raw(ip6() / tcp())
    yield "802.3 length with LLC: spanning tree", (
        bytes.fromhex("0180c2000000") + pair[6:] + b"\x00\x26\x42\x42\x03" + bytes(35))
    yield "802.3 length with SNAP that carries IPv4", (
        pair + struct.pack("!H", len(body()) + 8) + b"\xaa\xaa\x03\0\0\0\x08\x00" + body())
    yield "802.3 length longer than the frame", pair + b"\x04\x00\x42\x42\x03"
    yield "LLDP", bytes.fromhex("0180c200000e") + pair[6:] + b"\x88\xcc" + bytes(46)
    yield "PPPoE session", pair + b"\x88\x64\x11\x00\x00\x01\x00\x2a\x00\x21" + body()
    yield "MPLS label", pair + b"\x88\x47\x00\x01\x01\x40" + body()
    yield "padded to 60 bytes, as a card does (nothing is wrong)", (link() / ip() / tcp()).build(
        ).ljust(60, b"\0")
    yield "padded with bytes that are not zero", raw(link() / ip() / udp() / query(2)).ljust(
        60, b"\xa5")
    yield "a trailer of 400 bytes after the IP packet", raw(link() / ip() / tcp()) + b"\x5a" * 400
    yield "all bytes zero", bytes(64)
    yield "all bytes ff", b"\xff" * 64
    for name, mac in [("broadcast", "ff:ff:ff:ff:ff:ff"), ("multicast", "01:00:5e:00:00:01"),
                      ("zero", "00:00:00:00:00:00"), ("a stranger's", "02:00:00:00:09:99")]:
        yield f"destination MAC {name}, destination address the node's", raw(
            Ether(src=CLIENT_MAC, dst=mac) / ip() / tcp())
    yield "source MAC multicast", raw(
        Ether(src="01:00:5e:00:00:01", dst=NODE_MAC) / ip() / tcp())
    yield "source MAC = destination MAC", raw(Ether(src=NODE_MAC, dst=NODE_MAC) / ip() / tcp())


def vlan():
    yield "802.1Q tag (nothing is wrong)", raw(link() / Dot1Q(vlan=7) / ip() / tcp())
    yield "802.1Q priority tag, VLAN 0", raw(link() / Dot1Q(vlan=0, prio=5) / ip() / tcp())
    yield "802.1Q reserved VLAN 4095", raw(link() / Dot1Q(vlan=4095) / ip() / tcp())
    yield "QinQ, 88a8 then 8100 (nothing is wrong)", raw(
        link(0x88A8) / Dot1Q(vlan=100, type=0x8100) / Dot1Q(vlan=7) / ip() / tcp())
    yield "QinQ, 8100 twice", raw(link() / Dot1Q(vlan=100) / Dot1Q(vlan=7) / ip() / tcp())
    yield "QinQ, 9100 outside", raw(
        link(0x9100) / Dot1Q(vlan=100, type=0x8100) / Dot1Q(vlan=7) / ip() / tcp())
    for count in (3, 8, 300):
        tags = b"\x81\x00\x00\x07" * count
        untagged = raw(link() / ip() / tcp())
        yield f"{count} VLAN tags", untagged[:12] + tags + untagged[12:]
    yield "802.1Q tag followed by nothing", raw(link())[:12] + b"\x81\x00\x00\x07"
    yield "802.1Q tag followed by an 802.3 length", raw(link())[:12] + (
        b"\x81\x00\x00\x07\x00\x03\x42\x42\x03")
    yield "802.1Q tag before ARP", raw(
        link() / Dot1Q(vlan=7) / ARP(hwsrc=CLIENT_MAC, psrc=CLIENT, pdst=NODE))
    yield "802.1Q tag before IPv6 (nothing is wrong)", raw(
        link() / Dot1Q(vlan=7) / ip6() / tcp())


def arp():
    def request(**fields):
        return ARP(**{"hwsrc": CLIENT_MAC, "psrc": CLIENT, "pdst": NODE, **fields})

    yield "ARP request for the node (nothing is wrong)", raw(link() / request())
    yield "ARP request for an address of nobody", raw(link() / request(pdst="192.0.2.200"))
    yield "ARP reply that nobody asked for", raw(link() / request(op=2, hwdst=NODE_MAC))
    yield "gratuitous ARP that claims the node's address", raw(link() / request(psrc=NODE))
    yield "ARP probe, sender address 0.0.0.0", raw(link() / request(psrc="0.0.0.0"))
    yield "ARP operation 0", raw(link() / request(op=0))
    yield "ARP operation 9", raw(link() / request(op=9))
    yield "ARP hardware type 6", raw(link() / request(hwtype=6))
    yield "ARP protocol type IPv6", patched(link() / request(), (16, b"\x86\xdd"))
    yield "ARP hardware address length 0", patched(link() / request(), (18, b"\0"))
    yield "ARP hardware address length 255", patched(link() / request(), (18, b"\xff"))
    yield "ARP protocol address length 16", patched(link() / request(), (19, b"\x10"))
    yield "ARP sender MAC is not the frame's", raw(link() / request(hwsrc="02:00:00:00:09:99"))
    yield "RARP request", raw(link(0x8035) / request(op=3))


# ----------------------------------------------------------------------------------------- IPv4

def ipv4():
    def whole():
        return link() / ip() / tcp()

    for version in (0, 3, 5, 6, 15):
        yield f"IPv4 version {version}", patched_ipv4(whole(), (14, bytes([version << 4 | 5])))
    for words in (0, 1, 4):
        yield f"IHL {words}", patched_ipv4(whole(), (14, bytes([0x40 | words])))
    yield "IHL 6 where there are no options", patched_ipv4(whole(), (14, b"\x46"))
    yield "IHL 15, beyond the frame", patched_ipv4(whole(), (14, b"\x4f"))
    for total in (0, 19, 20, 24, 33, 39):
        yield f"total length {total}, the packet has 40", patched_ipv4(
            whole(), (16, struct.pack("!H", total)))
    for total in (41, 1500, 65535):
        yield f"total length {total}, longer than the frame", patched_ipv4(
            whole(), (16, struct.pack("!H", total)))
    yield "total length less than the IHL says", patched_ipv4(
        link() / ip(options=[b"\x01"] * 8) / tcp(), (16, struct.pack("!H", 24)))
    good = raw(whole())
    yield "header checksum off by one", patched(good, (25, bytes([good[25] ^ 1])))
    yield "header checksum 0", patched(whole(), (24, b"\0\0"))
    yield "header checksum ffff", patched(whole(), (24, b"\xff\xff"))
    for ttl in (0, 1, 2, 255):
        note = " (nothing is wrong)" if ttl in (2, 255) else ""
        yield f"TTL {ttl}{note}", raw(link() / ip(ttl=ttl) / tcp())
        yield f"TTL {ttl}, UDP{note}", raw(link() / ip(ttl=ttl) / udp() / query())
    yield "reserved flag set (the evil bit)", raw(link() / ip(flags="evil") / tcp())
    yield "don't-fragment and more-fragments together", raw(link() / ip(flags="DF+MF") / tcp())
    yield "ECN congestion experienced (nothing is wrong)", raw(link() / ip(tos=3) / tcp())
    for protocol, name in [(0, "0, hop-by-hop options"), (4, "4, IPv4 in IPv4"), (41, "41, IPv6"),
                           (47, "47, GRE"), (50, "50, ESP"), (59, "59, no next header"),
                           (136, "136, UDP-Lite"), (255, "255, reserved")]:
        yield f"protocol {name}", raw(link() / ip(proto=protocol) / query(40))
    yield "an empty packet: protocol TCP, no payload", raw(link() / ip(proto=6))
    yield "an empty packet: protocol UDP, no payload", raw(link() / ip(proto=17))
    yield "TCP to the node, 9000 bytes: larger than any MTU", raw(
        link() / ip() / tcp(flags="A") / query(8960))
    yield "TCP of 1460 bytes with don't-fragment: too big to encapsulate", raw(
        link() / ip(flags="DF") / tcp(flags="A") / query(1460 - 40))
    yield "UDP of 1460 bytes that may be fragmented", raw(
        link() / ip() / udp() / query(1460 - 28))


def ipv4_options():
    kinds = [
        ("record route (nothing is wrong)", b"\x07\x07\x04\0\0\0\0\0"),
        ("record route that is full", b"\x07\x07\x08\x0a\x00\x00\x01\0"),
        ("record route, pointer 3", b"\x07\x07\x03\0\0\0\0\0"),
        ("record route, pointer 255", b"\x07\x07\xff\0\0\0\0\0"),
        ("timestamp (nothing is wrong)", b"\x44\x08\x05\x00\0\0\0\0"),
        ("loose source route", b"\x83\x07\x04\x0a\x00\x00\x01\0"),
        ("strict source route", b"\x89\x07\x04\x0a\x00\x00\x01\0"),
        ("router alert (nothing is wrong)", b"\x94\x04\x00\x00"),
        ("length 0", b"\x07\x00\x04\0"),
        ("length 1", b"\x07\x01\x04\0"),
        ("length beyond the header", b"\x07\x27\x04\0"),
        ("length missing: the kind is the last byte", b"\x01\x01\x01\x07"),
        ("unknown kind 222", b"\xde\x04\xbe\xef"),
        ("bytes after the end of the list", b"\x00\x07\xff\xff"),
        ("40 bytes of no-operation (nothing is wrong)", b"\x01" * 40),
    ]
    for name, option in kinds:
        body = raw(ip() / tcp())
        header = bytearray(body[:IPV4] + option)
        header[0] = 0x45 + len(option) // 4
        header[2:4] = struct.pack("!H", len(body) + len(option))
        yield f"IPv4 option: {name}", patched_ipv4(
            raw(link(0x0800)) + bytes(header) + body[IPV4:])


def ipv4_fragments():
    def train(identifier, payload=None, **fields):
        """A UDP packet and a function that cuts pieces (offset, length, more) out of it."""
        body = raw((ip(**fields) / udp() / (payload or query(1200))))[IPV4:]

        def piece(offset, length, more):
            return raw(link() / ip(id=identifier, frag=offset // 8, flags="MF" if more else 0,
                                   proto=17, **fields) / Raw(body[offset:offset + length]))
        return piece

    piece = train(101)
    yield "fragments in order, 1 of 3 (nothing is wrong)", piece(0, 400, True)
    yield "fragments in order, 2 of 3 (nothing is wrong)", piece(400, 400, True)
    yield "fragments in order, 3 of 3 (nothing is wrong)", piece(800, 408, False)
    piece = train(102)
    yield "last fragment before the first", piece(800, 408, False)
    yield "middle fragment before the first", piece(400, 400, True)
    yield "first fragment after the others", piece(0, 400, True)
    piece = train(103)
    yield "first fragment of a packet never completed", piece(0, 400, True)
    yield "later fragment of a packet whose first never comes", train(104)(400, 400, True)
    piece = train(105)
    yield "first fragment, to be overlapped", piece(0, 400, True)
    yield "fragment that overlaps the first", piece(200, 400, True)
    yield "fragment that lies inside the first", piece(8, 64, True)
    yield "first fragment again", piece(0, 400, True)
    yield "first fragment again, other length", piece(0, 800, True)
    yield "two ends: last fragment", piece(800, 408, False)
    yield "two ends: another last fragment, earlier", piece(600, 80, False)
    yield "tiny first fragment: 8 bytes, the UDP header alone", train(106)(0, 8, True)
    yield "tiny first fragment: no payload", train(107)(0, 0, True)
    yield "later fragment without payload", train(108)(400, 0, False)
    yield "fragment length not a multiple of 8, more to come", train(109)(0, 401, True)
    yield "one fragment that is first and last, don't-fragment clear (nothing is wrong)", train(
        110)(0, 1208, False)
    syn = raw(ip() / tcp())[IPV4:]
    yield "tiny first fragment: 8 of 20 bytes of TCP", raw(
        link() / ip(id=111, flags="MF", proto=6) / Raw(syn[:8]))
    yield "the rest of that TCP header, offset 8", raw(
        link() / ip(id=111, frag=1, proto=6) / Raw(syn[8:]))
    yield "TCP fragment at offset 8 alone (RFC 1858)", raw(
        link() / ip(id=112, frag=1, proto=6) / Raw(syn[8:]))
    yield "ping of death: ends at 65535 + 865", raw(
        link() / ip(id=113, frag=8189, proto=1) / query(888))
    yield "offset 8191, the largest, of 8 bytes: ends at 65536", raw(
        link() / ip(id=114, frag=8191, proto=17) / query(8))
    yield "offset 8191 and more to come", raw(
        link() / ip(id=115, frag=8191, flags="MF", proto=17) / query(8))
    yield "fragment with don't-fragment set", raw(
        link() / ip(id=116, flags="DF+MF") / udp() / query(64))
    yield "first fragment of a port that nobody publishes", raw(
        link() / ip(id=117, flags="MF") / udp(dport=9) / query(64))
    yield "later fragment of that", raw(link() / ip(id=117, frag=9, proto=17) / query(64))
    for index in range(40):
        yield f"fragment flood, first fragment {index + 1} of 40 packets never completed", train(
            1000 + index, src=f"203.0.113.{100 + index}")(0, 64, True)


# ----------------------------------------------------------------------------------------- IPv6

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


# ------------------------------------------------------------------------------------ transports

def tcp_faults():
    def whole():
        return link() / ip() / tcp()

    start = ETHERNET + IPV4
    for words in (0, 1, 4):
        yield f"TCP data offset {words}", patched_tcp(whole(), (start + 12, bytes([words << 4])))
    for words in (6, 15):
        yield f"TCP data offset {words}, beyond the packet", patched_tcp(
            whole(), (start + 12, bytes([words << 4])))
    for name, flags in [("none", 0), ("FIN PSH URG (xmas)", 0x29), ("all", 0xFF), ("SYN FIN", 3),
                        ("SYN RST", 6), ("FIN alone", 1), ("URG alone", 0x20), ("PSH alone", 8),
                        ("SYN ACK from nowhere", 0x12), ("ACK of a flow nobody knows", 0x10),
                        ("RST of a flow nobody knows", 4), ("FIN ACK of a flow nobody knows", 0x11),
                        ("SYN ECE CWR (nothing is wrong)", 0xC2)]:
        yield f"TCP flags {name}", raw(link() / ip() / tcp(flags=flags))
    yield "TCP reserved bits set", raw(link() / ip() / tcp(reserved=7))
    yield "TCP SYN with payload (nothing is wrong)", raw(link() / ip() / tcp() / query(32))
    yield "TCP urgent pointer beyond the packet", raw(link() / ip() / tcp(flags="AU", urgptr=9999))
    good = raw(whole())
    yield "TCP checksum off by one", patched(good, (start + 17, bytes([good[start + 17] ^ 1])))
    yield "TCP checksum 0", patched(whole(), (start + 16, b"\0\0"))
    yield "TCP checksum of the pseudo-header only, as before offload", patched(
        whole(), (start + 16, pseudo_header_sum()))
    yield "TCP checksum over IPv6 wrong", patched(
        link() / ip6() / tcp(), (ETHERNET + IPV6 + 16, b"\xde\xad"))
    yield ("TCP checksum ffff where 0000 was computed: equal in one's complement, and what Linux "
           "sends"), zero_sum_segment()
    for name, option in [("length 0", b"\x02\x00\x05\xb4"), ("length 1", b"\x02\x01\x05\xb4"),
                         ("length beyond the header", b"\x02\x20\x05\xb4"),
                         ("MSS of length 3", b"\x02\x03\x05\x00"), ("MSS 0", b"\x02\x04\x00\x00"),
                         ("unknown kind 254", b"\xfe\x04\x00\x00"),
                         ("kind without a length", b"\x01\x01\x01\x08")]:
        segment = raw(ip() / tcp(dataofs=6) / Raw(option))
        yield f"TCP option: {name}", raw(link(0x0800)) + segment
    yield "TCP source port 0", raw(link() / ip() / tcp(sport=0))
    yield "TCP destination port 0", raw(link() / ip() / tcp(dport=0))
    yield "TCP to a port that nobody publishes", raw(link() / ip() / tcp(dport=8081))
    yield "TCP to a port that is published for SCTP only", raw(
        link() / ip() / tcp(dport=SIGNAL))


def pseudo_header_sum():
    octets = bytes(map(int, f"{CLIENT}.{NODE}".split("."))) + struct.pack("!HH", 6, 20)
    return bytes(octet ^ 0xFF for octet in internet_checksum(octets))


def zero_sum_segment():
    """A SYN whose sequence number makes the computed checksum come out as zero."""
    port = next(next_port)
    trial = raw(ip() / tcp(sport=port, seq=0))
    missing = struct.unpack("!H", trial[36:38])[0]
    segment = raw(ip() / tcp(sport=port, seq=missing))
    assert segment[36:38] in (b"\0\0", b"\xff\xff"), segment[36:38]
    return patched(link() / Raw(segment), (12, b"\x08\x00"), (50, b"\xff\xff"))


def udp_faults():
    start = ETHERNET + IPV4
    for length in (0, 7, 8, 41, 43, 65535):
        yield f"UDP length {length}, the datagram has 42", patched(
            link() / ip() / udp(chksum=0) / query(), (start + 4, struct.pack("!H", length)))
    yield "UDP checksum wrong", patched(link() / ip() / udp() / query(), (start + 6, b"\xde\xad"))
    yield "UDP checksum 0 over IPv4: none (nothing is wrong)", raw(
        link() / ip() / udp(chksum=0) / query())
    yield "UDP checksum 0 over IPv6: not allowed", raw(link() / ip6() / udp(chksum=0) / query())
    yield "UDP checksum over IPv6 wrong", patched(
        link() / ip6() / udp() / query(), (ETHERNET + IPV6 + 6, b"\xde\xad"))
    yield "UDP without payload (nothing is wrong)", raw(link() / ip() / udp())
    yield "UDP source port 0 (allowed)", raw(link() / ip() / udp(sport=0) / query())
    yield "UDP destination port 0", raw(link() / ip() / udp(dport=0) / query())
    yield "UDP to a port that nobody publishes", raw(
        link() / ip() / udp(dport=5354) / query())
    yield "UDP to a port that is published for TCP only", raw(
        link() / ip() / udp(dport=WEB) / query())
    yield "UDP from one published port to another: an echo loop", raw(
        link() / ip(src="192.0.2.12") / UDP(sport=IPERF, dport=DNS) / query())


def sctp_faults():
    start = ETHERNET + IPV4
    yield "SCTP INIT (nothing is wrong)", raw(link() / ip() / sctp())
    yield "SCTP INIT over IPv6 (nothing is wrong)", raw(link() / ip6(nh=132) / sctp())
    yield "SCTP checksum wrong", patched(link() / ip() / sctp(), (start + 8, b"\xde\xad\xbe\xef"))
    yield "SCTP checksum 0", patched(link() / ip() / sctp(), (start + 8, bytes(4)))
    yield "SCTP without a chunk", raw(link() / ip(proto=132) / SCTP(sport=4000, dport=SIGNAL))
    for length in (0, 3, 4, 19, 65535):
        yield f"SCTP INIT chunk length {length}", patched_sctp(
            link() / ip() / sctp(), (start + 14, struct.pack("!H", length)))
    yield "SCTP chunk type 255", patched_sctp(link() / ip() / sctp(), (start + 12, b"\xff"))
    yield "SCTP INIT with a verification tag", patched_sctp(
        link() / ip() / sctp(), (start + 4, b"\x11\x22\x33\x44"))
    yield "SCTP to a port that nobody publishes", raw(
        link() / ip() / SCTP(sport=4001, dport=9) / SCTPChunkInit(init_tag=1))
    yield "SCTP source port 0", raw(
        link() / ip() / SCTP(sport=0, dport=SIGNAL) / SCTPChunkInit(init_tag=1))


# ----------------------------------------------------------------------------------------- ICMP

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


# ------------------------------------------------------------------------------ VXLAN, addresses

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


GROUPS = [
    ("cut", cuts), ("ethernet", ethernet), ("vlan", vlan), ("arp", arp), ("ipv4", ipv4),
    ("ipv4-options", ipv4_options), ("ipv4-fragments", ipv4_fragments), ("ipv6", ipv6),
    ("ipv6-extensions", ipv6_extensions), ("ipv6-fragments", ipv6_fragments),
    ("tcp", tcp_faults), ("udp", udp_faults), ("sctp", sctp_faults), ("icmp", icmp),
    ("icmpv6", icmpv6), ("vxlan", vxlan), ("addresses", addresses), ("noise", noise),
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
