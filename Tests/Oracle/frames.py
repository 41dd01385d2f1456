# Builds IP packets from addresses and fields, with right checksums unless told otherwise, and the
# answers that a server or a router gives to a packet it was handed. Plain bytes in and out, no
# link header. Source and target are text; a colon in them makes the packet IPv6.
# Sources: RFC 791, 8200, 9293, 768, 9260 (CRC32c), 792, 4443.

import itertools
import socket
import struct

ICMP, TCP, UDP, ICMP6, SCTP = 1, 6, 17, 58, 132
PROTOCOLS = {"tcp": TCP, "udp": UDP, "sctp": SCTP}
GUE_PORT = 6080
TCP_FLAGS = "FSRPAUEC"
SCTP_CHUNKS = {
    "DATA": 0, "INIT": 1, "INIT_ACK": 2, "SACK": 3, "HEARTBEAT": 4, "HEARTBEAT_ACK": 5, "ABORT": 6,
    "SHUTDOWN": 7, "SHUTDOWN_ACK": 8, "ERROR": 9, "COOKIE_ECHO": 10, "COOKIE_ACK": 11,
    "SHUTDOWN_COMPLETE": 14,
}


def sum16(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data):
    return ~sum16(data) & 0xFFFF


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def address_text(octets):
    return socket.inet_ntop(socket.AF_INET6 if len(octets) == 16 else socket.AF_INET, octets)


def ipv4(source, target, protocol, payload, ttl=64, identification=0, df=False, tos=0, options=b"",
         offset=0, more=False, length=None, bad_header=False):
    """`offset` counts bytes and is a multiple of 8; `options` are padded to whole words."""
    options += b"\0" * (-len(options) % 4)
    words = 5 + len(options) // 4
    if length is None:
        length = words * 4 + len(payload)
    flags = (0x4000 if df else 0) | (0x2000 if more else 0) | offset // 8
    header = struct.pack("!BBHHHBBH4s4s", 0x40 | words, tos, length, identification, flags, ttl,
                         protocol, 0, address(source), address(target)) + options
    value = checksum(header) ^ (0x1111 if bad_header else 0)
    return header[:10] + struct.pack("!H", value) + header[12:] + payload


def ipv6(source, target, protocol, payload, ttl=64, tos=0, label=0, extensions=()):
    """`extensions` are pairs of header number and body without its first byte (next header)."""
    chain = b""
    numbers = [number for number, _ in extensions] + [protocol]
    for (_, body), following in zip(extensions, numbers[1:]):
        chain += bytes([following]) + body
    first = 6 << 28 | tos << 20 | label
    return struct.pack("!IHBB16s16s", first, len(chain + payload), numbers[0], ttl,
                       address(source), address(target)) + chain + payload


def ip(source, target, protocol, payload, **fields):
    return (ipv6 if ":" in source else ipv4)(source, target, protocol, payload, **fields)


def pseudo(source, target, protocol, length):
    if ":" in source:
        return address(source) + address(target) + struct.pack("!II", length, protocol)
    return address(source) + address(target) + struct.pack("!HH", protocol, length)


def finished(source, target, protocol, segment, at, given):
    """The segment with its checksum at `at`: right, or "bad", or a number."""
    if given is None or given == "bad":
        value = checksum(pseudo(source, target, protocol, len(segment)) + segment)
        if protocol == UDP and value == 0:
            value = 0xFFFF
        given = value if given is None else value ^ 0x5A5A
    return segment[:at] + struct.pack("!H", given) + segment[at + 2:]


def tcp_segment(source, target, sport, dport, flags, seq=1000, ack=0, window=65535, options=b"",
                payload=b"", urgent=0, check=None):
    options += b"\1" * (-len(options) % 4)
    bits = sum(1 << TCP_FLAGS.index(flag) for flag in flags)
    segment = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                          (5 + len(options) // 4) << 4, bits, window, 0, urgent) + options + payload
    return finished(source, target, TCP, segment, 16, check)


def tcp(source, target, sport, dport, flags, seq=1000, ack=0, window=65535, options=b"",
        payload=b"", urgent=0, check=None, **fields):
    segment = tcp_segment(source, target, sport, dport, flags, seq, ack, window, options, payload,
                          urgent, check)
    return ip(source, target, TCP, segment, **fields)


def udp_datagram(source, target, sport, dport, payload=b"", check=None):
    datagram = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    return finished(source, target, UDP, datagram, 6, check)


def udp(source, target, sport, dport, payload=b"", check=None, **fields):
    return ip(source, target, UDP, udp_datagram(source, target, sport, dport, payload, check),
              **fields)


def chunk(kind, value=b"", flags=0):
    body = struct.pack("!BBH", SCTP_CHUNKS[kind], flags, 4 + len(value)) + value
    return body + b"\0" * (-len(body) % 4)


def sctp_chunk(kind):
    """A chunk of the kind with plausible contents."""
    bodies = {
        "DATA": struct.pack("!IHHI", 1, 0, 0, 0) + b"data",
        "INIT": struct.pack("!IIHHI", 0x01020304, 65536, 1, 1, 1),
        "INIT_ACK": struct.pack("!IIHHI", 0x05060708, 65536, 1, 1, 1) + b"\0\7\0\10cook",
        "SACK": struct.pack("!IIHH", 1, 65536, 0, 0),
        "HEARTBEAT": b"\0\1\0\10beat",
        "HEARTBEAT_ACK": b"\0\1\0\10beat",
        "SHUTDOWN": struct.pack("!I", 1),
        "COOKIE_ECHO": b"cook",
    }
    return chunk(kind, bodies.get(kind, b""), 3 if kind == "DATA" else 0)


def sctp(source, target, sport, dport, kinds, tag=0, check=None, **fields):
    """`kinds` are chunk names joined by a comma."""
    chunks = b"".join(sctp_chunk(kind) for kind in kinds.split(","))
    head = struct.pack("!HHI", sport, dport, tag)
    crc = crc32c(head + bytes(4) + chunks)
    if check is not None:
        crc = crc ^ 0x5A5A5A5A if check == "bad" else check
    return ip(source, target, SCTP, head + struct.pack("<I", crc) + chunks, **fields)


def icmp_message(source, target, kind, code, rest=b"\0\0\0\0", body=b"", check=None):
    message = struct.pack("!BBH", kind, code, 0) + rest + body
    if ":" in source:
        return finished(source, target, ICMP6, message, 2, check)
    value = checksum(message)
    if check is not None:
        value = value ^ 0x5A5A if check == "bad" else check
    return message[:2] + struct.pack("!H", value) + message[4:]


def icmp(source, target, kind, code, rest=b"\0\0\0\0", body=b"", check=None, **fields):
    protocol = ICMP6 if ":" in source else ICMP
    return ip(source, target, protocol,
              icmp_message(source, target, kind, code, rest, body, check), **fields)


def fragments(packet, size, identification=0x77, df=False):
    """The packet in pieces of `size` payload bytes (a multiple of 8), each with its IP header; `size`
    can also be a list with the size of each piece but the last."""
    if packet[0] >> 4 == 4:
        header, payload = packet[:20], packet[20:]
        source, target = address_text(header[12:16]), address_text(header[16:20])
        return [ipv4(source, target, header[9], payload[at:end], ttl=header[8], tos=header[1],
                     identification=identification, offset=at, more=end < len(payload), df=df)
                for at, end in ranges(len(payload), size)]
    source, target = address_text(packet[8:24]), address_text(packet[24:40])
    payload = packet[40:]
    pieces = []
    for at, end in ranges(len(payload), size):
        body = struct.pack("!BHI", 0, at | (end < len(payload)), identification)
        pieces.append(ipv6(source, target, packet[6], payload[at:end], ttl=packet[7],
                           extensions=[(44, body)]))
    return pieces


def ranges(count, size):
    """Where the pieces of `count` bytes start and end."""
    starts = [0, *itertools.accumulate(size)] if isinstance(size, list) else range(0, count, size)
    return [*zip(starts, [*starts[1:], count])]


def is_fragment(packet):
    if packet[0] >> 4 == 6:
        return packet[6] == 44
    return struct.unpack("!H", packet[6:8])[0] & 0x3FFF != 0


def inner(packet):
    """What a tunnel packet carries, through IPIP, GRE or GUE on port 6080; other packets are given
    back as they are."""
    start, protocol = ((packet[0] & 15) * 4, packet[9]) if packet[0] >> 4 == 4 else (40, packet[6])
    rest = packet[start:]
    if is_fragment(packet):
        return packet
    if protocol in (4, 41):
        return rest
    if protocol == 47:
        return rest[8 if rest[0] & 0x80 else 4:]
    if protocol == UDP and rest[2:4] == GUE_PORT.to_bytes(2, "big"):
        return rest[12 + (rest[8] & 31) * 4:]
    return packet


def without_random_fields(packet):
    """A tunnel packet whose outer identification and GUE source port, which the kernel draws, are
    replaced, so that a quote of it is the same in each recording."""
    if inner(packet) is packet:
        return packet
    packet = bytearray(packet)
    start = 40
    if packet[0] >> 4 == 4:
        start = (packet[0] & 15) * 4
        packet[4:6] = packet[10:12] = b"\0\0"
        packet[10:12] = struct.pack("!H", checksum(packet[:start]))
    if packet[9 if start < 40 else 6] == UDP:
        packet[start:start + 2] = b"\xc0\0"
        if packet[start + 6:start + 8] != b"\0\0":
            packet[start + 6:start + 8] = b"\x12\x34"
    return bytes(packet)


class Parsed:
    """Addresses, protocol and transport bytes of a packet without extension headers."""

    def __init__(self, packet):
        if packet[0] >> 4 == 4:
            start = (packet[0] & 15) * 4
            self.protocol = packet[9]
            self.source, self.target = address_text(packet[12:16]), address_text(packet[16:20])
        else:
            start = 40
            self.protocol = packet[6]
            self.source, self.target = address_text(packet[8:24]), address_text(packet[24:40])
        self.transport = packet[start:]
        self.sport, self.dport = (
            struct.unpack("!HH", self.transport[:4]) if len(self.transport) >= 4 else (0, 0))

    @property
    def key(self):
        return self.protocol, self.source, self.sport


def answer(packet, kind, options):
    """What the receiver of `packet` sends back. `kind` is tcp, udp, sctp or icmp; the options are
    text: flags, payload (hex), chunks, type, code, rest (hex), quote (bytes), from, ttl, check;
    with `tunnel` an ICMP error quotes the outer packet."""
    if kind == "icmp" and options.get("tunnel"):
        packet = without_random_fields(packet)
    else:
        packet = inner(packet)
    seen = Parsed(packet)
    here, there = seen.target, seen.source
    check = options.get("check")
    fields = {"ttl": int(options.get("ttl", 64))}
    payload = bytes.fromhex(options.get("payload", ""))
    if options.get("df"):
        fields["df"] = True
    if kind == "tcp":
        seq, ack = struct.unpack("!II", seen.transport[4:12])
        return tcp(here, there, seen.dport, seen.sport, options["flags"], seq=ack or 7000,
                   ack=seq + 1, payload=payload, check=check,
                   options=bytes.fromhex(options.get("options", "")), **fields)
    if kind == "udp":
        check = int(check) if check and check != "bad" else check
        return udp(here, there, seen.dport, seen.sport, payload, check, **fields)
    if kind == "sctp":
        return sctp(here, there, seen.dport, seen.sport, options["chunks"], tag=9, check=check,
                    **fields)
    quote = packet[:int(options.get("quote", 20 + 28))]
    rest = bytes.fromhex(options.get("rest", "00000000"))
    return icmp(options.get("from", here), there, int(options["type"]), int(options["code"]), rest,
                quote, check, **fields)
