"""Is a capture whole? Walking its blocks, checking every digest and the chain they make."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import BinaryIO

from capture.format.blocks import (
    DIGEST_SIZE,
    GENESIS,
    MAX_BODY,
    MAX_HEADER,
    PREFIX,
    TAIL_SIZE,
    Block,
    CutShort,
    claimed_end,
    read_block,
    resized_digest,
)
from capture.format.errors import FormatError

_SCAN = 1 << 20
_SEARCH = 256 << 20
"""Bytes that may be read in vain, beside twice the file: blocks that lie inside each other cost no more."""


class State(StrEnum):
    """What a walk over the file found."""

    WHOLE = "whole"
    CUT_SHORT = "cut short"
    ALTERED = "altered"


class Damage(StrEnum):
    """What happened to the first block that is not as it was recorded."""

    NONE = ""
    CUT = "cut short"
    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    DUPLICATED = "duplicated"
    FOREIGN = "of another capture"
    APPENDED = "appended"
    UNSIGNED = "signature missing"
    FORGED = "signature does not fit"


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
    damage: Damage = Damage.NONE
    """What happened there."""
    after: int = 0
    """Time of the first event behind the damage, as `before`."""

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
        self._closing: list[str] = []
        """Kinds of the blocks from the end block on."""
        self._digests: list[bytes] = []
        """Of the whole blocks, in the order of the file."""
        self._closing_digest = b""
        self._fault: Verdict | None = None
        self._offset = 0
        """Where the walk goes on: behind the last block that is whole."""
        self._in_vain = _SEARCH + 2 * stream.seek(0, 2)
        self._seen = hashlib.sha256()

    def go_on(self) -> None:
        """The file may have grown: walk on from where it ended before."""
        self._in_vain = _SEARCH + 2 * (self._stream.seek(0, 2) - self._offset)
        if self._fault and self._fault.state is State.CUT_SHORT:
            self._fault = None

    def __iter__(self) -> Iterator[Block]:
        while True:
            offset = self._offset
            self._stream.seek(offset)
            try:
                block = read_block(self._stream, offset)
            except FormatError as error:
                self._in_vain -= self._stream.tell() - offset
                following = self._behind(offset)
                cut = isinstance(error, CutShort) and following is None and self._in_vain >= 0
                self._damage(Damage.CUT if cut else Damage.ALTERED, error.reason)
                if following is None:
                    return
                self._offset = following
                continue
            if block is None:
                if not self._closing:
                    self._damage(Damage.CUT, "the file ends without its end block")
                return
            self._check_place(block)
            self._offset = offset + block.size
            yield block

    @property
    def digest(self) -> bytes:
        """The digest of the last block."""
        return self._before

    @property
    def closing_digest(self) -> bytes:
        """The digest of the end block, which a signature is made of; empty without one."""
        return self._closing_digest

    @property
    def fingerprint(self) -> bytes:
        """A digest of the places and digests of all blocks that were whole, and of the verdict."""
        seen = self._seen.copy()
        seen.update(str(self.verdict).encode())
        return seen.digest()

    @property
    def verdict(self) -> Verdict:
        """What the walk has found so far."""
        if self._fault:
            return replace(self._fault, blocks=self._whole)
        return Verdict(State.WHOLE, self._whole, "", self._whole, self._last_time)

    def _check_place(self, block: Block) -> None:
        header, expected = block.header, self._expected_seq
        if self._closing and (header.kind != "signature" or len(self._closing) > 1):
            self._damage(*self._behind_the_end(block))
        elif header.seq != expected:
            self._damage(*self._out_of_place(block))
        elif header.before != self._before:
            told = "the block before it is not the one it was written after"
            self._damage(Damage.FOREIGN, told)
        self._reconsider(block)
        self._expected_seq = header.seq + 1
        self._before = block.digest
        self._seen.update(b"%d:" % block.offset + block.digest)
        self._digests.append(block.digest)
        self._whole += 1
        if self._closing or header.kind == "end":
            self._closing_digest = self._closing_digest or block.digest
            self._closing.append(header.kind)
        self._last_time = max(self._last_time, header.last)

    def _behind_the_end(self, block: Block) -> tuple[Damage, str]:
        told = "there is a block after the end block"
        return (Damage.DUPLICATED if self._stood_before(block) else Damage.APPENDED), told

    def _out_of_place(self, block: Block) -> tuple[Damage, str]:
        told = f"block {block.header.seq} stands where block {self._expected_seq} belongs"
        if block.header.seq > self._expected_seq:
            return Damage.MISSING, told
        return (Damage.DUPLICATED if self._stood_before(block) else Damage.REORDERED), told

    def _stood_before(self, block: Block) -> bool:
        seq = block.header.seq
        return 0 <= seq < len(self._digests) and self._digests[seq] == block.digest

    def _reconsider(self, block: Block) -> None:
        """What a later block tells of the first damage: when it was, and that what was missing is there."""
        fault, header = self._fault, block.header
        if fault is None:
            return
        if fault.damage is Damage.MISSING and fault.block <= header.seq < self._expected_seq:
            fault = replace(fault, damage=Damage.REORDERED)
        if not fault.after and header.first > fault.before:
            fault = replace(fault, after=header.first)
        self._fault = fault

    def _damage(self, damage: Damage, reason: str) -> None:
        """The first damage decides, except that altered weighs more than cut short."""
        state = State.CUT_SHORT if damage is Damage.CUT else State.ALTERED
        if self._fault is None or (self._fault.state is State.CUT_SHORT and state is State.ALTERED):
            self._fault = Verdict(state, self._expected_seq, reason, 0, self._last_time, damage)

    def _behind(self, offset: int) -> int | None:
        """Where the walk goes on behind what is no whole block; None: nowhere, or it costs too much.

        What lies within a block is its content, whatever it looks like: a recorded program may have read or
        written captures. So a damaged block's own lengths are believed where they lead to another block.
        """
        end, size = claimed_end(self._stream, offset), self._stream.seek(0, 2)
        if end == size:
            return None
        if end is not None and self._starts_block(end):
            return end
        # One that claims more than there is was cut off there, or lies about its length: that is to be shown.
        cut = offset if end is not None and end > size else None
        return self._found_again(offset + 1, cut)

    def _found_again(self, offset: int, cut: int | None) -> int | None:
        """The first whole block at or after `offset` that can be one of this capture's next.

        `cut`: where a block begins that would end behind the file; what is found may be its content.
        """
        while self._in_vain >= 0 and (at := self._next_start(offset)) is not None:
            self._in_vain -= at - offset
            block = self._block_at(at)
            if block is not None and (
                cut is None or self._is_next(cut, block) or self._leads_to_an_end(block)
            ):
                return at
            offset = at + 1
        return None

    def _block_at(self, offset: int) -> Block | None:
        """The block that begins there, None where none does that can follow; that counts as read in vain."""
        self._stream.seek(offset)
        try:
            block = read_block(self._stream, offset)
        except FormatError:
            block = None
        if block is None or block.header.seq < self._expected_seq:
            self._in_vain -= self._stream.tell() - offset
            return None
        return block

    def _is_next(self, offset: int, block: Block) -> bool:
        """Whether all from `offset` to `block` is one block of which the length alone was changed.

        Its digest is of the length it had: nobody can put a block into a payload that fits this.
        """
        span = block.offset - offset
        if not TAIL_SIZE < span <= MAX_HEADER + MAX_BODY + 2 * TAIL_SIZE:
            return False
        self._stream.seek(block.offset - TAIL_SIZE)
        if self._stream.read(TAIL_SIZE)[-DIGEST_SIZE:] != block.header.before:
            return False
        self._in_vain -= span
        self._stream.seek(offset)
        return resized_digest(self._stream.read(span)) == block.header.before

    def _leads_to_an_end(self, block: Block) -> bool:
        """Whether blocks follow one another from here to the end of the file, and close the capture."""
        following: Block | None = block
        while following is not None and self._in_vain >= 0:
            block, before = following, following.digest
            self._in_vain -= block.size
            following = self._block_at(block.offset + block.size)
            if following is not None and following.header.before != before:
                return False
        ends = block.offset + block.size == self._stream.seek(0, 2)
        return ends and block.header.kind in ("end", "signature")

    def _starts_block(self, offset: int) -> bool:
        self._stream.seek(offset)
        return self._stream.read(len(PREFIX)) == PREFIX

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
        b"\x0a\x0d\x0d\x0a": "a pcapng file, or a .scap file (exhume-capture convert makes a capture of it)",
        b"\x1f\x8b": "a gzip file",
    }
    for magic, what in known.items():
        if start.startswith(magic):
            return f"this is {what}, not an Exhume capture"
    return "this is not an Exhume capture: no block of one is in it"
