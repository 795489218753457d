"""What running rules costs: our own, and ninety of the shape of public ones, over a generated capture.

    python -m tests.benchmarks.rules [--events N] [--rounds N]

Nothing is asserted. One processor; opening the capture is another figure.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from inspect_app.frames import open_capture
from inspect_app.rules.built_in import built_in_rules
from inspect_app.rules.entries import parse_entries
from inspect_app.rules.rule_set import RuleSet
from inspect_app.rules.run import run_rules
from tests.benchmarks.generated import generate

RULES, MACROS = 90, 350
SHAPES = (
    "evt.type in (open, openat, openat2) and evt.is_open_write = true and fd.typechar = 'f' and fd.num >= 0",
    "evt.type in (execve, execveat) and evt.dir = <",
    "evt.type = connect and evt.dir = < and (fd.typechar = 4 or fd.typechar = 6)",
    "evt.type in (unlink, unlinkat, rename, renameat, renameat2)",
    "evt.type in (read, write) and fd.type = file",
)


def public_like():
    """Ninety rules over 350 macros: types of events, then dozens of exceptions by name, path and parent."""
    items = []
    for number in range(MACROS):
        names = ", ".join(f"prog{number * 7 + step}" for step in range(20))
        condition = (
            f"(proc.name in ({names}) and proc.pname in (sshd, systemd) or fd.name startswith /etc/{number}/)"
        )
        items.append({"macro": f"m{number}", "condition": condition})
    for number in range(RULES):
        exceptions = " ".join(f"and not m{(number * 11 + step) % MACROS}" for step in range(15))
        condition = (
            f"{SHAPES[number % len(SHAPES)]} and container.id != host and proc.name exists {exceptions}"
        )
        item = {"rule": f"R{number}", "desc": "d", "output": "%proc.name %fd.name", "priority": "INFO"}
        items.append({**item, "condition": condition})
    rules = RuleSet()
    rules.add(parse_entries(json.dumps(items).encode(), "public-like.yaml"))
    return rules


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(
        "| rules | rules in all | events | seconds, the first time | seconds, again |\n|---|--:|--:|--:|--:|"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.exhume"
        generate(path, options.events)
        for name, make in (("our own", built_in_rules), ("as many as the public ones", public_like)):
            seconds = []
            frames = open_capture(path)
            for _ in range(1 + options.rounds):
                began = time.perf_counter()
                run = run_rules(make(), frames)
                seconds.append(time.perf_counter() - began)
            again = statistics.median(seconds[1:])
            print(f"| {name} | {len(run.outcomes)} | {options.events:,} | {seconds[0]:.2f} | {again:.2f} |")


if __name__ == "__main__":
    main()
