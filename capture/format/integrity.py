"""Is a capture whole? Walking its blocks, checking every digest and the chain they make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from capture.format.blocks import GENESIS, PREFIX, Block, CutShort, read_block
from capture.format.errors import FormatError

_SCAN = 1 << 20
_SEARCH = 256 << 20
"""Bytes that may be read in vain, beside twice the file: blocks that lie inside each other cost no more."""


class State(StrEnum):
    """What a walk over the file found."""

    WHOLE = "whole"
    CUT_SHORT = "cut short"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is what was recorded."""

    state: State
    block: int
    """The number of the block at which it stops being whole; the number of blocks where it is whole."""
    reason: str
    blocks: int
    """Blocks that are whole and can be read."""
    before: int = 0
    """Time of the last event before the damage, ns since 1970 UTC; 0 there is none."""

    def __str__(self) -> str:
        if self.state is State.WHOLE:
            return f"whole: {self.blocks} blocks, every digest as recorded"
        return f"{self.state} at block {self.block}: {self.reason}"


class Walk:
    """The readable blocks of a file, in order; `verdict` is known when the walk has ended.

    Damage does not end the walk: it goes on with the next block that is whole.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._expected_seq = 0
        self._before = GENESIS
        self._last_time = 0
        self._whole = 0
        self._ended = False
        self._fault: tuple[State, int, str, int] | None = None
        self._offset = 0
        """Where the walk goes on: behind the last block that is whole."""
        self._in_vain = _SEARCH + 2 * stream.seek(0, 2)

    def go_on(self) -> None:
        """The file may have grown: walk on from where it ended before."""
        self._in_vain = _SEARCH + 2 * (self._stream.seek(0, 2) - self._offset)
        if self._fault and self._fault[0] is State.CUT_SHORT:
            self._fault = None

    def __iter__(self) -> Iterator[Block]:
        while True:
            offset = self._offset
            self._stream.seek(offset)
            try:
                block = read_block(self._stream, offset)
            except FormatError as error:
                self._in_vain -= self._stream.tell() - offset
                given_up = self._in_vain < 0
                following = None if given_up else self._next_start(offset + 1)
                self._in_vain -= self._stream.tell() - offset
                cut = isinstance(error, CutShort) and following is None and not given_up
                self._damage(State.CUT_SHORT if cut else State.ALTERED, error.reason)
                if following is None:
                    return
                self._offset = following
                continue
            if block is None:
                if not self._ended:
                    self._damage(State.CUT_SHORT, "the file ends without its end block")
                return
            self._check_place(block)
            self._offset = offset + block.size
            yield block

    @property
    def digest(self) -> bytes:
        """The digest of the last block."""
        return self._before

    @property
    def verdict(self) -> Verdict:
        """What the walk has found so far."""
        if self._fault:
            state, number, reason, before = self._fault
            return Verdict(state, number, reason, self._whole, before)
        return Verdict(State.WHOLE, self._whole, "", self._whole, self._last_time)

    def _check_place(self, block: Block) -> None:
        header = block.header
        if self._ended:
            self._damage(State.ALTERED, "there is a block after the end block")
        elif header.seq != self._expected_seq:
            self._damage(State.ALTERED, f"block {header.seq} stands where block {self._expected_seq} belongs")
        elif header.before != self._before:
            self._damage(State.ALTERED, "the block before it is not the one it was written after")
        self._expected_seq = header.seq + 1
        self._before = block.digest
        self._whole += 1
        self._ended = header.kind == "end"
        self._last_time = max(self._last_time, header.last)

    def _damage(self, state: State, reason: str) -> None:
        """The first damage decides, except that altered weighs more than cut short."""
        if self._fault is None or (self._fault[0] is State.CUT_SHORT and state is State.ALTERED):
            self._fault = (state, self._expected_seq, reason, self._last_time)

    def _next_start(self, offset: int) -> int | None:
        """Where the next block's first bytes are found at or after `offset`, None nowhere."""
        overlap = len(PREFIX) - 1
        while True:
            self._stream.seek(offset)
            chunk = self._stream.read(_SCAN)
            found = chunk.find(PREFIX)
            if found >= 0:
                return offset + found
            if len(chunk) <= overlap:
                return None
            offset += len(chunk) - overlap


def verify(stream: BinaryIO, progress: Callable[[int], None] | None = None) -> Verdict:
    """Read every block and say whether the file is what was recorded.

    Raises:
        FormatError: Not a capture at all: no whole block in it.
    """
    walk = Walk(stream)
    for block in walk:
        if progress:
            progress(block.offset + block.size)
    if not walk.verdict.blocks:
        raise FormatError(not_a_capture(stream))
    return walk.verdict


def not_a_capture(stream: BinaryIO) -> str:
    """Why a file without a single whole block is none, as far as its first bytes tell."""
    if not stream.seek(0, 2):
        return "the file is empty: no capture was written to it"
    stream.seek(0)
    start = stream.read(8)
    known = {
        b"\x89PNG": "a PNG picture",
        b"\x0a\x0d\x0d\x0a": "a .scap or pcapng file",
        b"\x1f\x8b": "a gzip file",
    }
    for magic, what in known.items():
        if start.startswith(magic):
            return f"this is {what}, not an Exhume capture"
    return "this is not an Exhume capture: no block of one is in it"
