#!/usr/bin/python3
"""Writes seeds for the fuzzer from bench-data: frames, captures cut short, and scripts of frames.

usage: make-corpora.py OUTPUT-DIRECTORY

What is committed in Corpora is what libFuzzer's -merge=1 kept of these seeds and of what fuzzing
found from them. Needs nothing but Python; the same bytes come out every time.
"""

import hashlib
import struct
import sys
from pathlib import Path

TRACES = Path(__file__).resolve().parents[2] / "bench-data" / "traces"
KERNEL = Path(__file__).resolve().parents[1] / "DirectorTests" / "Fixtures" / "kernel"
RULES = Path(__file__).resolve().parents[2] / "bench-data" / "rules"
FRAME_BYTE_COUNT_MAX = 700
# Flags of a script's record; Targets/ScriptRecord.swift says what they mean.
RUN, CUT, MEND, ANSWER, COMMAND = 8, 16, 32, 64, 128


def frames(name):
    """The packets of a classic pcap file in this machine's byte order."""
    data = (TRACES / name).read_bytes()
    offset = 24
    while offset + 16 <= len(data):
        captured = struct.unpack_from("<I", data, offset + 8)[0]
        yield data[offset + 16:offset + 16 + captured]
        offset += 16 + captured


def classic(packets, order, magic, link_type):
    """A pcap file of given byte order, magic number and link type."""
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)]
    for number, packet in enumerate(packets):
        parts.append(struct.pack(order + "IIII", 1_700_000_000, number, len(packet), len(packet)))
        parts.append(packet)
    return b"".join(parts)


def record(node, frame, flags=0, seconds=0):
    return struct.pack(">BBBH", node | flags, seconds, 0, len(frame)) + frame


def wire_seeds():
    for name in ("malformed.pcap", "real.pcap", "dual-stack.pcap"):
        step = 1 if name == "malformed.pcap" else 40
        for frame in list(frames(name))[::step]:
            if len(frame) <= FRAME_BYTE_COUNT_MAX:
                yield frame
                yield frame[14:]
    for text in ("192.0.2.1", "2001:db8::1/64", "::ffff:192.0.2.1", "02:42:0a:00:00:01", "65535"):
        yield text.encode()


def capture_seeds():
    for name in ("real.pcapng", "real-mixed.pcapng", "real-cooked.pcap", "real-raw.pcap"):
        data = (TRACES / name).read_bytes()
        for byte_count in (30, 200, 1500, 4000):
            yield data[:byte_count]
    packets = [frame for frame in frames("real.pcap") if len(frame) < 100][:4]
    for order in "<>":
        for magic in (0xA1B2C3D4, 0xA1B23C4D):
            for link_type in (1, 101, 113, 276):
                yield classic(packets, order, magic, link_type)


def dataplane_seeds():
    faulty = [f for f in frames("malformed.pcap") if len(f) <= FRAME_BYTE_COUNT_MAX]
    for start in range(0, len(faulty), 8):
        group = faulty[start:start + 8]
        yield b"".join(record(i % 3, f, MEND if i % 2 else 0) for i, f in enumerate(group))
    for name in ("real.pcap", "dual-stack.pcap"):
        real = list(frames(name))
        for start in range(0, len(real), 120):
            script = b""
            for index, frame in enumerate(real[start:start + 6]):
                flags = CUT if index == 5 else 0
                script += record(index % 3, frame[:FRAME_BYTE_COUNT_MAX], flags | RUN, index)
                script += record(0, b"", ANSWER | RUN)
            yield script


def scenario(path):
    """The beginning of a recorded scenario, as a script: rules, settings, waits and packets."""
    script, packets = b"", 0
    for line in path.read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "ipvsadm":
            script += record(0, rest.encode(), COMMAND)
        elif word == "sysctl":
            script += record(0, ("sysctl " + rest.replace(" ", "=", 1)).encode(), COMMAND)
        elif word == "mark":
            proto, address, port, mark = rest.split()
            address = f"[{address}]" if ":" in address else address
            script += record(0, f"mark {proto} {address}:{port}={mark}".encode(), COMMAND)
        elif word == "wait":
            script += record(0, b"", RUN, min(int(float(rest)), 255))
        elif word == ">" and len(rest) < 2 * FRAME_BYTE_COUNT_MAX:
            script += record(0, bytes.fromhex(rest.split()[1]), RUN)
            packets += 1
        if packets == 12:
            break
    return script


def director_seeds():
    for path in sorted(KERNEL.glob("*.txt"))[::3]:
        yield scenario(path)


def rules_seeds():
    for path in sorted(KERNEL.glob("*.txt"))[::5]:
        lines = path.read_text().splitlines()
        yield "\n".join(line for line in lines if line.startswith("ipvsadm -")).encode()[:2000]
    for path in sorted(RULES.glob("*")):
        yield path.read_bytes()
    yield b"-t PREROUTING -d 10.0.0.1 -p tcp --dport 80:90 -j MARK --set-mark 0x7/0xff"
    yield b"net.ipv4.vs.conn_reuse_mode = 1"
    yield b"tcp [fd00::1]:80=7"
    yield b"name=eth1,mtu=1400,address=10.1.0.1/16"


def main():
    output = Path(sys.argv[1])
    for target, seeds in (("wire", wire_seeds()), ("capture", capture_seeds()),
                          ("dataplane", dataplane_seeds()), ("director", director_seeds()),
                          ("rules", rules_seeds())):
        directory = output / target
        directory.mkdir(parents=True, exist_ok=True)
        for seed in seeds:
            (directory / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


main()
