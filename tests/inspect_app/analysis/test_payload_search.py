"""Search in payload."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis import payload_search
from inspect_app.analysis.needles import hex_bytes, pattern, plain_bytes, plain_text
from inspect_app.analysis.payload_search import Cancelled, bytes_from, search
from inspect_app.filters.errors import FilterError
from inspect_app.filters.transfers import transfers
from inspect_app.frames import open_capture
from tests.builders.capture import FILE, PIPE, SOCKET, CaptureBuilder, sock


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
        (hex_bytes("beef"), [(4, 2, 2)]),
        (hex_bytes("be ef de ad"), [(4, 2, 4)]),
        (hex_bytes("0a 78 de"), [(3, 15, 3)]),
        (pattern(r"^HTTP/\S+"), [(3, 0, 8)]),
        (pattern(r"[a-z]+$"), [(2, 9, 6), (3, 16, 1)]),
        (pattern(r"\s"), [(0, 3, 1), (0, 5, 1), (0, 14, 1), (0, 15, 1), (3, 8, 1), (3, 12, 1), (3, 15, 1)]),
        (pattern(r"(?s)K.*"), [(3, 14, 9)]),
        (pattern(r"secret.*200"), [(2, 9, 18)]),
        (pattern(r"\xde.\xbe"), [(4, 0, 3)]),
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


def stream(book, *pieces, kind="write", ino=5, **columns):
    for piece in pieces:
        book.event(kind, ret=len(piece), data=piece, **{"fd": 3, "ino": ino, "mode": PIPE, **columns})


def test_a_text_typed_byte_by_byte_is_found(tmp_path):
    book = CaptureBuilder()
    for letter in b"my hunter2!":
        stream(book, bytes([letter]))
        stream(book, b"x", ino=6)
        stream(book, b"y", kind="read")
    for block in (1, 2, 7, 100):
        frames = open_capture(book.write(tmp_path / "x.exhume", block=block))
        assert found(frames, plain_text("hunter2")) == [(9, 0, 7)]
        assert found(frames, pattern("hunt[a-z]+[0-9]")) == [(9, 0, 7)]
        assert bytes_from(frames, 9, 0, 8) == b"hunter2!"
        assert found(frames, plain_text("yyyyyyyyyyyy")) == []


@pytest.mark.parametrize("text", ["PassWord", "pÄss"])
def test_letters_match_in_either_case_also_over_calls(tmp_path, text):
    book = CaptureBuilder()
    one = text.swapcase().encode()
    stream(book, one[:1], one[1:4], one[4:])
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert found(frames, plain_text(text, ignore_case=True)) == [(0, 0, len(one))]
    assert found(frames, plain_text(text)) == []


def test_calls_far_apart_are_joined_by_their_ends(tmp_path):
    book = CaptureBuilder()
    stream(book, b"a" * 10_000 + b"sec", b"ret" + b"b" * 10_000, b"sec")
    for _ in range(20):
        stream(book, b"ret" * 100, ino=6)
    stream(book, b"ret" + b"c" * 10_000)
    for block in (1, 100):
        frames = open_capture(book.write(tmp_path / "x.exhume", block=block))
        assert found(frames, plain_text("secret")) == [(0, 10_000, 6), (2, 0, 6)]
        assert found(frames, pattern("s[e]c.et")) == [(0, 10_000, 6), (2, 0, 6)]


@pytest.mark.parametrize("why", ["cut", "lost", "peeked", "datagram", "placed", "other process"])
def test_calls_that_do_not_follow_directly_are_not_joined(tmp_path, why):
    book = CaptureBuilder()
    udp = {"mode": SOCKET, "sock": sock("10.0.0.1:1", "10.0.0.2:2", kind=2, protocol=17)}
    if why == "peeked":
        stream(book, b"sec", b"ret", kind="recvfrom", args=(3, 0, 9, 2))
    elif why == "placed":
        stream(book, b"sec", b"ret", kind="pread64", mode=FILE)
    elif why == "datagram":
        stream(book, b"sec", b"ret", **udp)
    elif why == "other process":
        stream(book, b"sec", kind="read", mode=FILE)
        stream(book, b"ret", kind="read", mode=FILE, pid=200)
    else:
        stream(book, b"sec", b"ret")
        if why == "cut":
            book.rows[0]["ret"] = 4
        else:
            at = book.rows[0]["time"]
            book.drops = [{"since": at, "time": at + 5, "kind": "lost", "where": "small", "count": 1}]
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert found(frames, plain_text("secret")) == []
    assert found(frames, pattern("secret")) == []
    assert len(found(frames, pattern("sec|ret"))) == 2


def test_what_is_not_selected_joins_nothing(tmp_path):
    book = CaptureBuilder()
    stream(book, b"ab", b"cd", b"ef")
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert found(frames, plain_text("bcde")) == [(0, 1, 4)]
    assert found(frames, plain_text("bc"), selected=np.array([0, 2])) == []
    assert found(frames, plain_text("bc"), selected=np.array([0, 1])) == [(0, 1, 2)]


def test_a_line_begins_where_a_call_does_also_within_a_stream(tmp_path):
    book = CaptureBuilder()
    stream(book, b"GET / x", b"GET /two\r\n", b"GET", b" /three")
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    assert found(frames, pattern(r"^GET \S+")) == [(0, 0, 5), (1, 0, 8), (2, 0, 10)]


def test_of_matches_that_overlap_the_one_over_several_calls_stays(tmp_path):
    book = CaptureBuilder()
    stream(book, b"password=sec", b"ret one", b" two")
    for block in (1, 2, 10):
        frames = open_capture(book.write(tmp_path / "x.exhume", block=block))
        assert found(frames, pattern(r"password=\S+")) == [(0, 0, 15)]
        assert found(frames, pattern(r"[a-z]+")) == [(0, 0, 8), (0, 9, 6), (1, 4, 3), (2, 1, 3)]


def test_a_pattern_that_asks_for_everything_ends_soon(tmp_path):
    frames = opened([b"ab" * 5_000] * 100, tmp_path, block=10)
    for text in ("(a|b|ab)*c", "(a*)*b", "((a|b)?){60}", "(.*)(.*)(.*)(.*)x", "."):
        assert search(frames, pattern(text), limit=1_000).searched <= 1_000_000


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.binary(max_size=6).map(lambda data: bytes(byte % 3 + 0x61 for byte in data)), max_size=12),
    st.permutations("abc").flatmap(lambda letters: st.integers(1, 3).map(lambda n: "".join(letters[:n]))),
    st.booleans(),
    st.integers(1, 4),
)
def test_any_text_is_found_where_the_stream_has_it(pieces, text, as_pattern, block):
    with tempfile.TemporaryDirectory() as folder:
        frames = opened(pieces, folder, block=block)
        told = found(frames, pattern(text) if as_pattern else plain_text(text))
    whole, starts = b"".join(pieces), np.cumsum([0, *map(len, pieces)])
    naive = [
        (row, match.start() - int(starts[row]), len(text))
        for match in re.finditer(re.escape(text.encode()), whole)
        for row in [int(np.searchsorted(starts, match.start(), side="right")) - 1]
    ]
    assert told == naive


LETTERS = "abcdefghijklmnopqrstuvw"


@st.composite
def fragments(draw):
    """A text without the same letter twice, and pieces of it that were written: (file, bytes, cut short)."""
    text = LETTERS[: draw(st.integers(1, len(LETTERS)))]
    place = st.integers(0, len(text))
    part = st.tuples(place, place, st.sampled_from((str, str.upper, str.title)))
    cut = part.map(lambda told: told[2](text[told[0] : told[1]]))
    follow = st.lists(place, max_size=5).map(
        lambda cuts: [
            text[one:other] for one, other in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True)
        ]
    )
    pieces = draw(st.lists(follow | st.lists(cut | st.just("- - - - -"), max_size=3), max_size=8))
    written = [
        (draw(st.integers(5, 6)), piece.encode(), draw(st.integers(0, 9)) == 0)
        for chain in pieces
        for piece in chain
    ]
    return text, written


def in_streams(written, text, flags):
    """(row, start, length) of a text in the bytes of each stream, up to where one is cut short."""
    told = []
    for ino in (5, 6):
        runs = [[]]
        for row, (file, data, short) in enumerate(written):
            if file == ino and (data or short):
                runs[-1].append((row, data))
                if short:
                    runs.append([])
        for run in runs:
            starts = np.cumsum([0, *(len(data) for _, data in run)])
            for match in re.finditer(re.escape(text.encode()), b"".join(data for _, data in run), flags):
                at = int(np.searchsorted(starts, match.start(), side="right")) - 1
                told.append((run[at][0], match.start() - int(starts[at]), len(text)))
    return sorted(told)


def written_in(book, written):
    for ino, data, short in written:
        book.event("write", fd=ino, ino=ino, mode=PIPE, ret=len(data) + short, data=data)
    return book


@settings(deadline=None, max_examples=60)
@given(fragments(), st.booleans(), st.sampled_from((1, 3, 100)), st.booleans())
def test_a_text_is_found_over_any_joints_whether_or_not_it_is_known_what_follows_what(
    made, ignore_case, block, known
):
    text, written = made
    with tempfile.TemporaryDirectory() as folder:
        book = written_in(CaptureBuilder(), written)
        frames = open_capture(book.write(Path(folder) / "x.exhume", block=block))
        if known:
            transfers(frames)
        told = found(frames, plain_text(text, ignore_case=ignore_case))
    assert told == in_streams(written, text, re.IGNORECASE if ignore_case else 0)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(5, 6), st.text("ab", max_size=9), st.booleans()), max_size=14),
    st.text("ab", min_size=1, max_size=20),
    st.sampled_from((1, 3, 100)),
)
def test_a_text_that_overlaps_itself_is_found_as_a_look_at_every_joint_finds_it(pieces, text, block):
    written = [(ino, data.encode(), short) for ino, data, short in pieces]
    needle = plain_text(text)
    with tempfile.TemporaryDirectory() as folder:
        book = written_in(CaptureBuilder(), written)
        frames = open_capture(book.write(Path(folder) / "x.exhume", block=block))
        told = found(frames, needle)
        assert told == found(frames, replace(needle, spellings=(), find_half=None))


def test_what_follows_what_is_not_asked_where_no_call_has_half_of_a_text(tmp_path, monkeypatch):
    book = CaptureBuilder()
    stream(book, b"the pass", b"word is", b" pass the wo", b"rd")
    frames = open_capture(book.write(tmp_path / "x.exhume"))
    asked = []
    real = payload_search.transfers_through
    monkeypatch.setattr(
        payload_search, "transfers_through", lambda *told: asked.append(told[1].tolist()) or real(*told)
    )
    assert found(frames, plain_text("nothing of it")) == []
    assert asked == []
    assert found(frames, plain_text("password")) == [(0, 4, 8)]
    assert asked == [[0, 1]]
