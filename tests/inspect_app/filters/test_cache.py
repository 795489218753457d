"""What is kept of a capture: within a budget, and what is asked for again last of all given up."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from inspect_app.filters import cache
from inspect_app.filters.cache import Kept, arrays_in, forget, remember
from tests.builders.frames import build_frames

SIZE = 1 << 17


@dataclass(frozen=True)
class Found:
    values: np.ndarray
    more: tuple[np.ndarray, ...] = ()


def array():
    return np.zeros(SIZE, np.uint8)


def test_what_was_not_asked_for_longest_is_given_up_first():
    kept = Kept(3 * SIZE)
    for key in "abc":
        kept[key] = array()
    kept.get("a")
    kept["d"] = array()
    assert [key for key in "abcd" if key in kept] == ["a", "c", "d"]
    assert kept.held == 3 * SIZE


def test_a_value_beyond_the_budget_is_kept_alone():
    kept = Kept(SIZE)
    kept["small"], kept["text"] = array(), "no array"
    kept["large"] = Found(array(), (array(), array()))
    assert ("small" in kept, "text" in kept, "large" in kept) == (False, True, True)
    assert kept.held == 3 * SIZE


def test_arrays_that_are_shared_count_once():
    kept, shared = Kept(10 * SIZE), array()
    kept["one"], kept["other"] = Found(shared), [shared[:5], shared]
    assert kept.held == SIZE
    kept.clear(lambda key: key == "other")
    assert kept.held == SIZE
    kept.clear(lambda key: False)
    assert kept.held == 0


def test_a_value_that_takes_the_place_of_another_is_counted_alone():
    kept = Kept(10 * SIZE)
    kept["one"] = (array(), array())
    kept["one"] = array()
    assert kept.held == SIZE


def test_what_is_mapped_does_not_count(tmp_path):
    np.save(tmp_path / "x.npy", array())
    assert not list(arrays_in(np.load(tmp_path / "x.npy", mmap_mode="r")[3:]))
    assert not list(arrays_in(np.frombuffer(bytes(100), np.uint8)))


def test_arrays_of_frames_and_maps_count():
    frame = pd.DataFrame({"number": np.arange(10), "kind": pd.Categorical(["a"] * 10)})
    found = {"frame": frame, "none": None}
    assert sum(one.nbytes for one in arrays_in(found)) >= 90


def test_what_was_given_up_is_computed_again(monkeypatch):
    monkeypatch.setattr(cache, "MIN_BUDGET", SIZE)
    monkeypatch.setattr(cache, "BYTES_AN_EVENT", 0)
    frames, computed = build_frames(), []
    for key in ("a", "a", "b", "a"):
        remember(frames, key, lambda key=key: computed.append(key) or array())
    assert computed == ["a", "b", "a"]
    forget(frames)
    remember(frames, "a", lambda: computed.append("again"))
    assert computed[-1] == "again"


@pytest.mark.parametrize("value", [None, 0, False])
def test_nothing_is_an_answer_too(value):
    frames, computed = build_frames(), []
    for _ in range(2):
        assert remember(frames, "nothing", lambda: computed.append(1) or value) is value
    assert len(computed) == 1
