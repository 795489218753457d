"""The generated capture that the benchmarks open is a real one, and the same every time."""

import numpy as np
import pytest

from inspect_app.frames import open_capture
from tests.benchmarks.generated import generate


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("generated") / "made.exhume"
    generate(path, 30_000, 16)
    return path


@pytest.fixture(scope="module")
def frames(path):
    return open_capture(path)


def test_a_generated_capture_is_whole_and_sorted(frames):
    assert frames.state.state == "whole"
    assert abs(len(frames.events) - 30_000) < 6_000
    assert (np.diff(frames.events["time"]) >= 0).all()


def test_it_has_its_processes_containers_and_names(frames):
    assert len(frames.processes) == 2_000
    assert len(frames.containers) == 51
    busiest = np.bincount(frames.events["process"]).max() / len(frames.events)
    assert busiest > 0.05, "a few processes have most of the events"
    assert set(frames.events["type"].unique()) >= {
        "openat",
        "read",
        "connect",
        "procfork",
        "execve",
        "procexit",
    }
    assert frames.descriptors["type"].value_counts()["ipv4"] > 100


def test_the_same_seed_gives_the_same_bytes(path, tmp_path):
    generate(tmp_path / "again.exhume", 30_000, 16)
    assert (tmp_path / "again.exhume").read_bytes() == path.read_bytes()
