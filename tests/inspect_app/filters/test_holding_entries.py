"""What is left out before entries are sorted is what would be left out behind it."""

from dataclasses import fields

import numpy as np
import pytest

from inspect_app.filters import holding_entries
from inspect_app.filters.holding_entries import Entries, collect
from inspect_app.frames import open_capture
from tests.benchmarks.generated import generate
from tests.builders.frames import build_frames
from tests.builders.privileges import build_privileged_frames


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    path = tmp_path_factory.mktemp("generated") / "made.exhume"
    generate(path, 30_000, 16)
    return open_capture(path)


def arrays(entries):
    """Every array of entries, those of calls and receipts too."""
    for part in fields(entries):
        value = getattr(entries, part.name)
        if isinstance(value, np.ndarray):
            yield part.name, value
        else:
            yield from ((f"{part.name}.{name}", one) for name, one in arrays(value))


@pytest.mark.parametrize("build", [build_frames, build_privileged_frames, lambda: build_frames(5_000), None])
def test_entries_are_the_same_whether_repeated_uses_are_left_out_before(build, generated, monkeypatch):
    frames = generated if build is None else build()
    found = collect(frames)
    left = []
    monkeypatch.setattr(
        holding_entries._Repeats,
        "told_anew",
        lambda self, rows, code, at, what: left.append(len(at)) or np.ones(len(at), bool),
    )
    expected = dict(arrays(collect(frames)))
    assert left
    assert isinstance(found, Entries)
    for name, value in arrays(found):
        assert np.array_equal(value, expected[name]), name
