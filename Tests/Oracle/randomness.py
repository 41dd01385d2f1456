# The fields of emitted packets that the kernel draws at random, and how a comparison passes over
# them: they are set to zero in both texts. Which fields those are was found by recording twice in
# different boots (README.md lists them). Everything else is compared byte for byte.

ICMP, UDP, GRE, IPIP, IPV6_INSIDE = 1, 17, 47, 4, 41
GUE_PORT = (6080).to_bytes(2, "big")


def is_own(source):
    """Whether an IPv4 address is one of the director's, from which alone it sends of its own."""
    return source[:3] == b"\x0a\0\0" or source in (b"\x0a\1\0\1", b"\x0a\2\0\1")


def mask_identification(packet):
    """In IPv4 headers that the director made (ICMP errors, outer headers of tunnels)."""
    is_tunnel = packet[9] in (GRE, IPIP, IPV6_INSIDE) or is_gue(packet, 20)
    is_error = packet[9] == ICMP and packet[20] in (3, 11, 12)
    if is_own(packet[12:16]) and (is_tunnel or is_error):
        packet[4:6] = packet[10:12] = b"\0\0"


def is_gue(packet, start):
    return packet[9 if start == 20 else 6] == UDP and packet[start + 2:start + 4] == GUE_PORT


def mask_gue_port(packet, start):
    """The source port, and the UDP checksum where there is one, as it covers the port."""
    if is_gue(packet, start):
        packet[start:start + 2] = b"\0\0"
        if packet[start + 6:start + 8] != b"\0\0":
            packet[start + 6:start + 8] = b"\xff\xff"


def masked_packet(packet):
    packet = bytearray(packet)
    if packet[0] == 0x45 and len(packet) > 28:
        mask_identification(packet)
        mask_gue_port(packet, 20)
        if packet[9] == IPIP:
            # An ICMP error of the director's own can be what the tunnel carries.
            packet[20:] = masked_packet(packet[20:])
    elif packet[0] >> 4 == 6 and len(packet) > 48:
        mask_gue_port(packet, 40)
    return bytes(packet)


def masked(lines):
    result = []
    for line in lines:
        if line.startswith("< "):
            side, packet = line[2:].split()
            line = f"< {side} {masked_packet(bytes.fromhex(packet)).hex()}"
        result.append(line)
    return result
