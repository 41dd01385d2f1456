"""What the frames are built with: addresses and ports of stacks/web.yml, one builder per header,
and patches that put in a fault and leave everything else right."""

import struct

from scapy.all import IP, SCTP, TCP, UDP, Ether, IPv6, Raw, SCTPChunkInit, raw
from scapy.layers.sctp import crc32c

CLIENT, CLIENT6 = "203.0.113.7", "2001:db8:0:3::7"
NODE, NODE6 = "192.0.2.11", "2001:db8:0:1::11"
VTEP, PEER_VTEP, STRANGER = "198.51.100.11", "198.51.100.12", "198.51.100.99"
CLIENT_MAC, NODE_MAC = "02:00:00:00:03:07", "02:00:00:00:01:11"
TASK_MAC, NOBODY_MAC = "02:42:0a:00:00:05", "02:42:0a:ff:ff:fe"
WEB, DNS, IPERF, SIGNAL = 8080, 5353, 5201, 3868
INGRESS_VNI = 4096
ETHERNET, IPV4, IPV6 = 14, 20, 40  # header lengths

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
