"""Calls that differ in nothing but their times share what is kept of them; all others have their own."""

import numpy as np
import pytest

from tests.kernel.captures import PYTHON, Capture, record

pytestmark = pytest.mark.kernel

ROUNDS = 40_000
CODE = f"""
import os
fd = os.open("/proc/self/exe", os.O_RDONLY)
other = os.open("/etc/passwd", os.O_RDONLY)
print(os.getpid(), fd, other)
for at in range({ROUNDS}):
    os.lseek(fd, at, os.SEEK_SET)
    os.lseek(other, 0, os.SEEK_SET)
    os.lseek(fd, 1 << 20, os.SEEK_SET)
"""
"""Of each round one call is like none before, two are as in the round before: more heads than fit a lane."""


@pytest.fixture(scope="module")
def seeks(tmp_path_factory):
    """The capture, both descriptors, and the columns of the calls on them in order of time."""
    path = tmp_path_factory.mktemp("shared") / "seeks.exhume"
    options = ("--only-call", "lseek", "--only-command", "--buffer", "16")
    done = record(path, *PYTHON, "-c", CODE, options=options)
    pid, fd, other = map(int, done.stdout.split()[:3])
    capture = Capture(path)
    rows = capture.rows("lseek", pid=pid)
    rows = rows[np.isin(capture.columns["fd"][rows], (fd, other)) & (capture.columns["a2"][rows] == 0)]
    return capture, fd, other, {name: values[rows] for name, values in capture.columns.items()}


def test_every_call_has_its_own_arguments_and_result_however_many_were_like_it(seeks):
    capture, fd, _other, calls = seeks
    assert (calls["ret"] == calls["a1"].astype(np.int64)).all()
    assert len(calls["ret"]) + capture.file.ending.get("counted", 0) >= 3 * ROUNDS
    assert len(calls["ret"]), "at least some are recorded one by one"
    steps = calls["a1"][(calls["a1"] != 1 << 20) & (calls["fd"] == fd)].astype(np.int64)
    assert (np.diff(steps) > 0).all(), "in order, none twice"


def test_calls_on_two_descriptors_in_turn_are_told_apart(seeks):
    _capture, fd, other, calls = seeks
    assert (calls["a0"] == calls["fd"]).all()
    assert set(calls["a1"][calls["fd"] == other].tolist()) == {0}
    things = [np.unique(calls["ino"][calls["fd"] == one]).tolist() for one in (fd, other)]
    assert [len(thing) for thing in things] == [1, 1]
    assert things[0] != things[1]
