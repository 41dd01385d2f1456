#!/usr/bin/python3
# Makes every scenario, without answers: the hand-written ones and the families that are drawn from
# seeds. The same source gives the same text each time; `record` hands it to the kernel. Called by
# itself it prints the names with their number of frames, or writes the texts to a directory.

import os
import sys

sys.dont_write_bytecode = True
import choices  # noqa: E402
import forwarding  # noqa: E402
import handwritten  # noqa: E402
import protocols  # noqa: E402
import schedulers  # noqa: E402
import services  # noqa: E402
from scenario import Scenario  # noqa: E402


def scenarios():
    """Name to text of all scenarios."""
    if not Scenario.all:
        for module in (handwritten, schedulers, choices, protocols, forwarding, services):
            module.write()
    return {name: scenario.text() for name, scenario in Scenario.all.items()}


def main():
    for name, text in scenarios().items():
        if len(sys.argv) > 1:
            with open(os.path.join(sys.argv[1], f"{name}.txt"), "w", encoding="utf-8") as file:
                file.write(text)
        frames = sum(line.startswith((">", "answer")) for line in text.splitlines())
        print(f"{frames:6} {name}")


if __name__ == "__main__":
    main()
