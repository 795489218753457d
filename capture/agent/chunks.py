"""Chunks: some records taken out of a lane, their heads taken apart, nothing done for each of them.

A chunk is small enough for its records to stay in the processor's cache meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from capture.agent.heads import Heads, heads_of, stamped_heads
from capture.agent.pieces import clear_behind
from capture.agent.records import (
    ADDR_SHIFT,
    DATA_LEN,
    DISCARDED,
    EXE_SIZE,
    HAS_FILE,
    HAS_SOCKET,
    HEAD,
    LENGTHS,
    SOCK_SIZE,
    STAMP,
    WORDS,
    end_of,
    places_of,
)
from capture.agent.settings import LaneSpec

Array = np.ndarray[Any, np.dtype[Any]]

STRINGS = ("text", "text2")
"""Columns of strings, whose closing NUL says nothing."""
NO_WORDS = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of one column and about one length: zero-padded rows."""

    name: str
    """The column."""
    rows: Array
    """uint8[n, width]; n is the number of events that have this text."""
    lengths: Array
    at: Array
    """Which events have it."""


@dataclass(frozen=True)
class Chunk:
    """Some events."""

    heads: Heads
    texts: list[Texts]
    """Of records of a ring buffer."""
    content: Array
    """Of system calls: uint64, what lies between the first one's `at` and the end of the last one's bytes."""
    begins: int = 0
    """That `at`, modulo 2**32."""

    def __len__(self) -> int:
        return self.heads.count

    @cached_property
    def memory(self) -> int:
        """Bytes that it takes."""
        return self.heads.memory + self.content.nbytes + sum(text.rows.nbytes for text in self.texts)

    @cached_property
    def last(self) -> int:
        """Boot time of the last event; there must be one."""
        return int(self.heads.field("time")[-1])

    def text(self, name: str) -> Texts | None:
        """The texts of a column of records of a ring buffer."""
        return next((text for text in self.texts if text.name == name), None)

    def take(self, keep: Array) -> Chunk:
        """The chunk of those events for which `keep`, bool[n], is true."""
        position = np.cumsum(keep) - 1
        texts = []
        for text in self.texts:
            chosen = keep[text.at]
            if chosen.any():
                at = position[text.at[chosen]]
                texts.append(Texts(text.name, text.rows[chosen], text.lengths[chosen], at))
        return Chunk(self.heads.take(keep), texts, self.content, self.begins)


def chunk_of_records(records: Array, spec: LaneSpec) -> Chunk:
    """Copy records out of a ring buffer, but for those that the probe took back."""
    discarded = records["length"] & DISCARDED
    if discarded.any():
        records = records[discarded == 0]
    # Not ascontiguousarray: of a single record that is no copy, but the kernel's own memory.
    words = records.view("<u8").reshape(-1, records.dtype.itemsize // 8)[:, 1 : WORDS + 1].copy()
    heads = words.view(HEAD).reshape(-1)
    lengths = {name: heads[f"{name}_len"].astype(np.int64) for name in ("text", "text2")}
    marked = heads["flags"] >= HAS_FILE
    if spec.programs:
        lengths |= {"exe": marked * EXE_SIZE, "env": heads["sizes"] & DATA_LEN}
    else:
        lengths |= {"sock": marked * SOCK_SIZE, "addr": heads["sizes"] >> ADDR_SHIFT}
    heads["flags"] &= HAS_FILE - 1
    # What they tell has been read: these events have no content that is still to be found.
    words[:, LENGTHS] = 0
    texts = []
    for name, place in places_of(spec).items():
        at = np.flatnonzero(lengths[name])
        if len(at):
            width = (int(lengths[name].max()) + 7) & ~7
            rows = np.zeros((len(at), width), np.uint8)
            available = min(width, spec.data - place)
            rows[:, :available] = records["data"][at, place : place + available]
            # An argument list ends with the NUL of its last argument, which may be empty.
            is_string = name == "text" or (name == "text2" and not spec.programs)
            texts.append(texts_of(name, rows, lengths[name][at], at, strip_nul=is_string))
    return Chunk(heads_of(words), texts, NO_WORDS)


def chunk_of_calls(stamps: Array, heads: Array, newest: int, content: Array) -> tuple[Chunk, int]:
    """Copy system calls out of a processor's lane.

    Args:
        stamps: uint64[n, STAMP_WORDS].
        heads: uint64[heads, WORDS], the ring of heads.
        newest: the place in it behind the newest one.
        content: uint64[a power of two], the ring that their data lie in.

    Returns:
        The calls, and where their data end, modulo 2**32.
    """
    if not len(stamps):
        return Chunk(heads_of(heads[:0]), [], NO_WORDS), 0
    begins, end_begins = (int(stamps[at].view(STAMP)["at"][0]) for at in (0, -1))
    end = end_of(end_begins, heads[int(stamps[-1].view(STAMP)["head"][0])])
    found = stamped_heads(stamps, heads, newest)
    if not has_content(found):
        return Chunk(found, [], NO_WORDS), end
    count = (end - begins) % (1 << 32) // 8
    start = begins // 8 % len(content)
    parts = content[start : start + count], content[: max(start + count - len(content), 0)]
    return Chunk(found, [], np.concatenate(parts), begins), end


def has_content(heads: Heads) -> bool:
    """Whether any of some calls may have data."""
    return bool(heads.high[LENGTHS]) or heads.most("flags") >= HAS_SOCKET


def texts_of(name: str, rows: Array, lengths: Array, at: Array, *, strip_nul: bool) -> Texts:
    """Texts out of rows in which anything may follow them.

    Args:
        name: the column.
        rows: uint8[n, width], changed.
        lengths: bytes of each, the closing NUL included.
        at: the events.
        strip_nul: whether they are strings, of which the closing NUL says nothing.
    """
    lengths = lengths.astype(np.int64)
    if strip_nul:
        lengths -= rows[np.arange(len(rows)), lengths - 1] == 0
    clear_behind(rows, lengths)
    return Texts(name, rows, lengths.astype(np.uint32), at)
