"""Frames cut short in every header, and faults of Ethernet, VLAN tags and ARP."""

import struct

from scapy.all import (ARP, ICMP, UDP, Dot1Q, Ether, ICMPv6EchoRequest, IPv6ExtHdrFragment,
                       IPv6ExtHdrHopByHop, PadN, raw)
from scapy.layers.vxlan import VXLAN

from malformed.build import (CLIENT, CLIENT_MAC, INGRESS_VNI, NODE, NODE_MAC, PEER_VTEP, TASK_MAC,
                             VTEP, ip, ip6, link, patched, query, sctp, tcp, udp)


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
