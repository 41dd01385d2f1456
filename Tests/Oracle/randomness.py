# The fields of emitted packets that the kernel draws at random, and how a comparison passes over
# them: they are set to zero in both texts. Which fields those are was found by recording twice in
# different boots (README.md lists them). Everything else is compared byte for byte.

ICMP, UDP, GRE, IPIP, IPV6_INSIDE, FRAGMENT = 1, 17, 47, 4, 41, 44
ICMP_ERRORS = (3, 4, 5, 11, 12)
GUE_PORT = (6080).to_bytes(2, "big")
LINK_ADDRESSES = (b"\x0a\1\0\1", b"\x0a\2\0\1")
OPTION_END, OPTION_NOP, OPTION_TIMESTAMP = 0, 1, 68


def mask_identification(packet):
    """In IPv4 headers that the director made: ICMP errors from any of its addresses, the outer
    headers of tunnels from its links' addresses (it sends no UDP of its own but GUE)."""
    source, protocol = bytes(packet[12:16]), packet[9]
    is_tunnel = source in LINK_ADDRESSES and protocol in (GRE, IPIP, IPV6_INSIDE, UDP)
    is_own = source in LINK_ADDRESSES or source[:3] == b"\x0a\0\0"
    is_later = packet[6] & 0x1F or packet[7]
    is_error = is_own and protocol == ICMP and (is_later or packet[20] in ICMP_ERRORS)
    if is_tunnel or is_error:
        packet[4:6] = packet[10:12] = b"\0\0"


def mask_gue_port(packet, start):
    """The source port, and the UDP checksum where there is one, as it covers the port."""
    if packet[start + 2:start + 4] == GUE_PORT:
        packet[start:start + 2] = b"\0\0"
        if packet[start + 6:start + 8] != b"\0\0":
            packet[start + 6:start + 8] = b"\xff\xff"


def mask_timestamps(packet, end):
    """The times of an IPv4 timestamp option, which are the clock's, and the header checksum."""
    at = 20
    while at + 4 <= end and packet[at] != OPTION_END:
        length = 1 if packet[at] == OPTION_NOP else max(packet[at + 1], 2)
        if packet[at] == OPTION_TIMESTAMP:
            step = 4 if packet[at + 3] & 15 == 0 else 8
            for word in range(at + step, at + length, step):
                packet[word:word + 4] = b"\0\0\0\0"
            packet[10:12] = b"\0\0"
        at += length


def masked_ipv4(packet):
    start = (packet[0] & 15) * 4
    if start > 20:
        mask_timestamps(packet, start)
    mask_identification(packet)
    is_whole_or_first = not (packet[6] & 0x1F or packet[7])
    if packet[9] == UDP and is_whole_or_first:
        mask_gue_port(packet, start)
    elif packet[9] == IPIP and is_whole_or_first:
        # What the tunnel carries can be an ICMP error of the director's own.
        packet[start:] = masked_packet(packet[start:])
    elif packet[9] == GRE and is_whole_or_first and not packet[start]:
        packet[start + 4:] = masked_packet(packet[start + 4:])
    return packet


def masked_ipv6(packet):
    start, protocol = 40, packet[6]
    if protocol == FRAGMENT:
        packet[44:48] = b"\0\0\0\0"
        is_first = not packet[42] and packet[43] < 8
        start, protocol = 48, packet[40] if is_first else None
    if protocol == UDP:
        mask_gue_port(packet, start)
    return packet


def masked_packet(packet):
    packet = bytearray(packet)
    if len(packet) > 20 and packet[0] >> 4 == 4:
        packet = masked_ipv4(packet)
    elif len(packet) >= 48 and packet[0] >> 4 == 6:
        packet = masked_ipv6(packet)
    return bytes(packet)


def masked(lines):
    result = []
    for line in lines:
        if line.startswith("< "):
            side, packet = line[2:].split()
            line = f"< {side} {masked_packet(bytes.fromhex(packet)).hex()}"
        result.append(line)
    return result
