"""Chunks: some records taken out of a lane, their heads turned on their side, nothing done for each of them.

A chunk is small enough for its records to stay in the processor's cache while their fields are taken apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.agent.records import (
    ADDR_SHIFT,
    DISCARDED,
    EXE_SIZE,
    HAS_FILE,
    HAS_SOCKET,
    LENGTHS,
    SOCK_SIZE,
    WORDS,
    captured,
    field_of,
    places_of,
)
from capture.agent.settings import LaneSpec

Array = np.ndarray[Any, np.dtype[Any]]

NO_BYTES = np.empty(0, np.uint8)
_WIDTHS = (8, 32, 128, 512, 1 << 14)
"""Words of the rows that texts are put in: a single long path must not make all rows long."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of one column and about one length: zero-padded rows."""

    name: str
    """The column."""
    rows: Array
    """uint8[n, width]; n is the number of events that have this text."""
    lengths: Array
    at: Array
    """Which events of the chunk have it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some events."""

    words: Array
    """uint64[WORDS, n]: `field_of` takes the fields out."""
    texts: list[Texts]
    payload: Array
    """uint8, the payload of all events, one after another."""

    def __len__(self) -> int:
        return int(self.words.shape[1])

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return int(self.words.nbytes + self.payload.nbytes + sum(text.rows.nbytes for text in self.texts))

    def text(self, name: str) -> Texts | None:
        """The texts of a column, for records of a ring buffer: those of calls may lie in several groups."""
        return next((text for text in self.texts if text.name == name), None)

    def take(self, keep: Array) -> Chunk:
        """The chunk of those events for which `keep`, bool[n], is true."""
        position = np.cumsum(keep) - 1
        texts = []
        for text in self.texts:
            chosen = keep[text.at]
            texts.append(Texts(text.name, text.rows[chosen], text.lengths[chosen], position[text.at[chosen]]))
        payload = self.payload
        if len(payload):
            payload = payload[np.repeat(keep, captured(self.words))]
        return Chunk(np.ascontiguousarray(self.words[:, keep]), texts, payload)


def chunk_of_records(records: Array, spec: LaneSpec) -> Chunk:
    """Copy records out of a ring buffer, but for those that the probe took back."""
    discarded = records["length"] & DISCARDED
    if discarded.any():
        records = records[discarded == 0]
    # Not ascontiguousarray: of a single record that is no copy, but the kernel's own memory.
    stride = records.dtype.itemsize // 8
    words = records.view("<u8").reshape(-1, stride)[:, 1 : WORDS + 1].T.copy()
    lengths = {name: field_of(words, f"{name}_len") for name in ("text", "text2")}
    texts = []
    if spec.programs:
        flags = field_of(words, "flags")
        lengths |= {"exe": np.where(flags & HAS_FILE, EXE_SIZE, 0), "env": captured(words)}
        flags &= HAS_FILE - 1
        field_of(words, "sizes")[:] = 0
    else:
        flags = field_of(words, "flags")
        lengths |= {"sock": np.where(flags & HAS_SOCKET, SOCK_SIZE, 0)}
        lengths |= {"addr": field_of(words, "sizes") >> np.uint32(ADDR_SHIFT)}
        flags &= HAS_SOCKET - 1
    for name, place in places_of(spec).items():
        at = np.flatnonzero(lengths[name])
        if len(at):
            width = (int(lengths[name].max()) + 7) & ~7
            rows = np.zeros((len(at), width), np.uint8)
            available = min(width, spec.data - place)
            rows[:, :available] = records["data"][at, place : place + available]
            # An argument list ends with the NUL of its last argument, which may be empty.
            is_string = name == "text" or (name == "text2" and not spec.programs)
            texts.append(_texts(name, rows, lengths[name][at], at, strip_nul=is_string))
    return Chunk(words, texts, NO_BYTES)


def chunk_of_calls(heads: Array, content: Array) -> Chunk:
    """Copy system calls out of a processor's lane.

    Args:
        heads: uint64[n, WORDS].
        content: uint64[a power of two], the ring that their data lie in.
    """
    words = heads.T.copy()
    flags = field_of(words, "flags")
    sockets = (flags & HAS_SOCKET) > 0
    having = np.flatnonzero(sockets | (words[LENGTHS] > 0))
    if not len(having):
        return Chunk(words, [], NO_BYTES)
    flags &= HAS_SOCKET - 1
    data_len = captured(words)[having]
    sizes = {
        "sock": sockets[having] * np.uint32(SOCK_SIZE),
        "addr": field_of(words, "sizes")[having] >> np.uint32(ADDR_SHIFT),
        "text": field_of(words, "text_len")[having].astype(np.uint32),
        "text2": field_of(words, "text2_len")[having].astype(np.uint32),
    }
    place = field_of(words, "at")[having].astype(np.int64) >> 3
    texts = []
    for name, lengths in sizes.items():
        if lengths.any():
            texts += _texts_at(content, name, place, lengths, having)
            place += (lengths + 7) >> 3
    return Chunk(words, texts, _pieces(content, place, data_len) if data_len.any() else NO_BYTES)


def _texts_at(content: Array, name: str, place: Array, lengths: Array, having: Array) -> list[Texts]:
    """The texts of a column that begin at these words, a group for each width."""
    strip_nul = name in ("text", "text2")
    groups = np.searchsorted(_WIDTHS, (lengths + 7) >> 3)
    found = []
    for group in range(len(_WIDTHS)):
        chosen = np.flatnonzero((groups == group) & (lengths > 0))
        if not len(chosen):
            continue
        mine = lengths[chosen]
        width = (int(mine.max()) + 7) >> 3
        rows = content[(place[chosen, None] + np.arange(width)) & (len(content) - 1)].view(np.uint8)
        found.append(_texts(name, rows, mine, having[chosen], strip_nul=strip_nul))
    return found


def _texts(name: str, rows: Array, lengths: Array, at: Array, *, strip_nul: bool) -> Texts:
    lengths = lengths.astype(np.uint32)
    if strip_nul:
        # A string's closing NUL says nothing.
        ends_with_nul = rows[np.arange(len(rows)), lengths - 1] == 0
        lengths = lengths - ends_with_nul.astype(np.uint32)
    rows[np.arange(rows.shape[1]) >= lengths[:, None]] = 0
    return Texts(name, rows, lengths, at)


def _pieces(content: Array, place: Array, lengths: Array) -> Array:
    """The bytes that begin at these words, uint8, end to end; always a copy."""
    having = np.flatnonzero(lengths)
    place, lengths = place[having], lengths[having]
    sizes = (lengths + 7) >> 3
    first = int(lengths[0])
    if bool((lengths == first).all()):
        rows = content[(place[:, None] + np.arange(int(sizes[0]))) & (len(content) - 1)].view(np.uint8)
        same: Array = rows[:, :first].flatten()
        return same
    ends = np.cumsum(sizes, dtype=np.int64)
    at = np.repeat(place - ends + sizes, sizes) + np.arange(int(ends[-1]))
    padded = content[at & (len(content) - 1)].view(np.uint8)
    padding = sizes * 8 - lengths
    wanted = np.ones(len(padded), np.bool_)
    stops = np.cumsum(padding, dtype=np.int64)
    wanted[np.repeat(ends * 8 - stops, padding) + np.arange(int(stops[-1]))] = False
    pieces: Array = padded[wanted]
    return pieces
