"""Latencies over time: every call whose latency is known is in exactly one place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.analysis.spectrogram import spectrogram
from tests.builders.frames import MS, START_NS, build_frames

STORY = build_frames()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2_000),
    st.integers(1, 2_500),
    st.integers(1, 50),
    st.sampled_from(["", "evt.is_io = true", "proc.pid = 1"]),
)
def test_counts_are_those_of_the_filter_language(start, length, slices, text):
    window = TimeRange(START_NS + start * MS, START_NS + (start + length) * MS)
    found = spectrogram(STORY, select(STORY, window, [text]), window, slices=slices)
    known = select(STORY, window, [text, "evt.latency exists"])
    assert found.counts.sum() == len(known)
    for row in range(len(found.counts)):
        low, high = found.bounds(row)
        inside = f"evt.latency >= {low if row or low > 1 else 0} and evt.latency < {high}"
        assert found.counts[row].sum() == len(select(STORY, window, [text, inside]))


@pytest.mark.parametrize("latency", [0, 1, 9, 10, 999, 1_000, 1_001, 10**6, 10**9, 2**63 - 1])
def test_a_latency_lies_within_its_class(latency):
    frames = build_frames()
    frames.events["latency"] = np.full(len(frames.events), latency)
    found = spectrogram(frames, select(frames), slices=3)
    low, high = found.bounds(0)
    assert len(found.counts) == 1 and found.counts.sum() == len(frames.events)
    assert low <= max(latency, 1) < high


def test_a_capture_without_calls_has_an_empty_spectrogram():
    empty = build_frames(0)
    assert spectrogram(empty, select(empty), slices=5).counts.shape == (0, 5)
