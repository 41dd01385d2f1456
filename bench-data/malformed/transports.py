"""Faults of TCP, UDP and SCTP."""

import struct

from scapy.all import SCTP, UDP, Raw, SCTPChunkInit, raw

from malformed.build import (CLIENT, DNS, ETHERNET, IPERF, IPV4, IPV6, NODE, SIGNAL, WEB,
                             internet_checksum, ip, ip6, link, next_port, patched, patched_sctp,
                             patched_tcp, query, sctp, tcp, udp)


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
