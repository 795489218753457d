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


@pytest.fixture(scope="module")
def told():
    """What each kind's process told of the items that it read."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.hostile", *KINDS],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    return {one["kind"]: one for one in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_items_are_read_or_refused_in_bounded_memory_and_time(kind, told):
    read = told[kind]
    assert "ended" not in read, f"longer than {SECONDS} s, or more memory than there was: {read['ended']}"
    assert read["failed"] == {}
    assert read["mib"] < MOST_MIB, read["slowest"]
    assert read["count"] >= len(WHOLE) + (kind in DOCUMENTS) * (len(VALUES) - 5 + len(LARGE))
