"""Faults of the IPv4 header, its options (RFC 791) and its fragments (RFC 1858, 3128)."""

import struct

from scapy.all import Raw, raw

from malformed.build import IPV4, ip, link, patched, patched_ipv4, query, tcp, udp


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
