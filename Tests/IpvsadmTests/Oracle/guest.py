#!/usr/bin/python3
# Runs transcripts through the real ipvsadm in the guest and writes each back with what it printed.
# Every transcript gets a network namespace of its own, so that its rules and sysctls are new. Names
# are those of the fixtures' files `hosts` and `services`, mounted over the guest's own, and no name
# server can be reached.

import ctypes
import os
import re
import shlex
import subprocess
import sys


def run(line, text):
    words = shlex.split(line)
    return subprocess.run(
        ["ipvsadm", *words], input=text, text=True, capture_output=True, timeout=60)


def record(source, target):
    with open(source, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file]
    output = []
    index = 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if line.startswith(("| ", "! ", "exit ")) or line in ("|", "!"):
            continue
        output.append(line)
        if not line.startswith("$"):
            continue
        given = []
        while index < len(lines) and lines[index].startswith("<"):
            output.append(lines[index])
            given.append(lines[index][2:])
            index += 1
        result = run(line[1:], "".join(f"{text}\n" for text in given))
        output += [f"| {text}" for text in result.stdout.splitlines()]
        output += [f"! {text}" for text in result.stderr.splitlines()]
        output.append(f"exit {result.returncode}")
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(output) + "\n")


def save_marks(source, target):
    """Makes the marks that a list of iptables commands says, and what the programs save of them."""
    with open(source, encoding="utf-8") as file:
        for line in file:
            program, *words = shlex.split(line)
            subprocess.run([f"{program}-legacy", *words], check=True)
    with open(target, "w", encoding="utf-8") as file:
        for program in ("iptables-legacy-save", "ip6tables-legacy-save"):
            saved = subprocess.run([program], text=True, capture_output=True, check=True).stdout
            file.writelines(re.sub(r"\[\d+:\d+\]", "[0:0]", line) + "\n"
                            for line in saved.splitlines() if not line.startswith("#"))


def main():
    work = sys.argv[1]
    libc = ctypes.CDLL(None, use_errno=True)
    for name in ("hosts", "services"):
        subprocess.run(["mount", "--bind", f"{work}/input/{name}", f"/etc/{name}"], check=True)
    new_network_namespace = 0x40000000
    for name in sorted(os.listdir(f"{work}/input")):
        if not name.endswith((".txt", ".iptables")):
            continue
        if os.fork() == 0:
            if libc.unshare(new_network_namespace) != 0:
                sys.exit("unshare")
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            subprocess.run(["ip", "addr", "add", "10.2.0.1/16", "dev", "lo"], check=True)
            if name.endswith(".iptables"):
                save_marks(f"{work}/input/{name}", f"{work}/output/{name}.save")
            else:
                record(f"{work}/input/{name}", f"{work}/output/{name}")
            os._exit(0)
        os.wait()
        print(name, flush=True)
    with open(f"{work}/done", "w", encoding="utf-8") as file:
        file.write("done\n")


if __name__ == "__main__":
    main()
