"""Go on fuzzing: `make fuzz`, or one target for some time, with atheris (`pip install 'exhume[fuzz]'`).

    python -m tests.fuzz forged --seconds 600

It begins with the corpus in the tree and keeps what it finds in .fuzz/TARGET, which git ignores. What ends it
is written beside: put that input into tests/fuzz/corpus/TARGET, where tests replay it, and mend the reader.
"""

import argparse
import os
import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent

with atheris.instrument_imports(include=["capture", "inspect_app"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    if asked.target == "all":
        for name in TARGETS:
            words = [sys.executable, "-m", "tests.fuzz", name, f"--seconds={asked.seconds}"]
            if code := os.spawnv(os.P_WAIT, words[0], words):
                sys.exit(code)
        return
    found = HERE.parents[1] / ".fuzz" / asked.target
    found.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={asked.seconds}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048"]
    corpora = [str(found), str(HERE / "corpus" / asked.target)]
    atheris.Setup(
        [sys.argv[0], *limits, f"-artifact_prefix={found.parent}/{asked.target}-", *corpora],
        TARGETS[asked.target],
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
