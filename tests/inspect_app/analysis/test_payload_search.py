"""Search in payload."""

import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.payload_search import (
    Cancelled,
    hex_bytes,
    pattern,
    plain_bytes,
    plain_text,
    search,
)
from inspect_app.filters.errors import FilterError
from inspect_app.frames import open_capture
from tests.builders.capture import CaptureBuilder


def opened(pieces, folder, block=10_000):
    book = CaptureBuilder()
    for piece in pieces:
        book.event("read", fd=3, ino=5, ret=len(piece), data=piece)
    return open_capture(book.write(Path(folder) / "x.exhume", block=block))


def found(frames, needle, **options):
    matches = search(frames, needle, **options)
    return list(zip(matches.rows.tolist(), matches.starts.tolist(), matches.lengths.tolist(), strict=True))


PIECES = [
    b"GET / HTTP/1.1\r\n",
    b"",
    b"password=secret",
    b"HTTP/1.1 200 OK\nx",
    b"\xde\xad\xbe",
    b"\xef\xde\xad",
]


@pytest.mark.parametrize(
    ("needle", "expected"),
    [
        (plain_text("secret"), [(2, 9, 6)]),
        (plain_text("PASSWORD", ignore_case=True), [(2, 0, 8)]),
        (hex_bytes("de ad"), [(4, 0, 2), (5, 1, 2)]),
        (hex_bytes("beef"), []),
        (pattern(r"^HTTP/\S+"), [(3, 0, 8)]),
        (pattern(r"[a-z]+$"), [(2, 9, 6), (3, 16, 1)]),
        (pattern(r"\s"), [(0, 3, 1), (0, 5, 1), (0, 14, 1), (0, 15, 1), (3, 8, 1), (3, 12, 1), (3, 15, 1)]),
        (pattern(r"(?s)K.*"), [(3, 14, 3)]),
        (pattern(r"z*"), []),
    ],
)
def test_a_match_is_told_by_event_and_place(tmp_path, needle, expected):
    assert found(opened(PIECES, tmp_path), needle) == expected
    assert found(opened(PIECES, tmp_path, block=2), needle) == expected


def test_only_selected_events_are_searched(tmp_path):
    frames = opened([b"a1", b"a2", b"a3"], tmp_path)
    assert [row for row, *_ in found(frames, plain_bytes(b"a"), selected=np.array([0, 2]))] == [0, 2]
    assert [row for row, *_ in found(frames, plain_bytes(b"a"), selected=slice(1, 2))] == [1]


def test_more_matches_than_wanted_are_told_to_be_more(tmp_path):
    frames = opened([b"aaaa"], tmp_path)
    matches = search(frames, plain_bytes(b"a"), limit=3)
    assert (len(matches), matches.complete) == (3, False)
    assert search(frames, plain_bytes(b"a"), limit=4).complete


def test_a_search_tells_how_far_it_is_and_stops_when_told(tmp_path):
    frames = opened([b"abc"] * 10, tmp_path, block=5)
    told = []
    search(frames, plain_bytes(b"z"), progress=lambda *step: told.append(step))
    assert told == [(15, 30), (30, 30)]
    with pytest.raises(Cancelled):
        search(frames, plain_bytes(b"z"), cancelled=lambda: True)


@pytest.mark.parametrize(
    ("make", "text", "said"),
    [
        (plain_text, "", "nothing to search for"),
        (pattern, "(", "not understood"),
        (pattern, "a{1000}{1000}", "not understood"),
        (pattern, "x" * 5_000, "more than 4,096"),
        (hex_bytes, "xyz", "no bytes in hex"),
    ],
)
def test_what_cannot_be_searched_for_is_told(make, text, said):
    with pytest.raises(FilterError, match=said):
        make(text)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.binary(max_size=6).map(lambda data: bytes(byte % 3 + 0x61 for byte in data)), max_size=12),
    st.text("abc", min_size=1, max_size=3),
    st.booleans(),
)
def test_any_text_is_found_where_each_event_alone_has_it(pieces, text, as_pattern):
    with tempfile.TemporaryDirectory() as folder:
        frames = opened(pieces, folder, block=3)
        told = found(frames, pattern(text) if as_pattern else plain_text(text))
    naive = [
        (row, match.start(), len(text))
        for row, piece in enumerate(pieces)
        for match in re.finditer(re.escape(text.encode()), piece)
    ]
    assert told == naive
