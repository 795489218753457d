"""Each hostile item in each kind of file: refused in one way, or read, in bounded memory and time."""

import json
import os
import subprocess
import sys

import pytest

from tests.fuzz.hostile import DOCUMENTS, LARGE, SECONDS, VALUES, WHOLE
from tests.fuzz.targets import TARGETS

MOST_MIB = 1_024
KINDS = sorted(set(TARGETS) - {"forged"})
"""What forges captures has a language of its own; hostile captures are built in `builders.hostile`."""


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_items_are_read_or_refused_in_bounded_memory_and_time(kind):
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.hostile", kind],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, (
        f"longer than {SECONDS} s, or more memory than there was: {done.stderr[-500:]}"
    )
    told = json.loads(done.stdout)
    assert told["failed"] == {}
    assert told["mib"] < MOST_MIB, told["slowest"]
    assert told["count"] >= len(WHOLE) + (kind in DOCUMENTS) * (len(VALUES) - 5 + len(LARGE))
