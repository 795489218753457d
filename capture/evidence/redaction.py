"""Masking secrets before they are written: bytes of the same length, so that offsets and lengths stay true.

Texts are looked at once for each distinct one of a block; payload in one pass over all of it. A match never
crosses from one event into the next. What is masked is counted, and the events carry a flag.

The user's patterns run in RE2, whose time is linear in what is looked at: a recorded program can write what
keeps a backtracking engine busy for ever (docs/decisions/regular-expressions.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from capture.evidence.secrets import SECRETS, Secret
from capture.format import EventBatch, TextHeap
from capture.model.abi import ABIS
from capture.model.catalogue import spec_named
from capture.model.events import EventFlag, SchedCode

_MASK = ord("*")
_GROUP = b"secret"
_MAX_PATTERN = 4_096
"""Bytes of a pattern."""
_MAX_PROGRAM_BYTES = 8 << 20
"""Memory that RE2 may use for one."""
_LOOKED_AT = 4_096
"""Bytes in which the next match is looked for, at least: a greedy pattern would run on through all events."""
PROGRAM_CODES = sorted(
    {
        code
        for name in ("execve", "execveat", "procexec")
        for abi in ABIS
        if (code := spec_named(name).code_on(abi)) is not None
    }
)
"""Calls that run programs, in the table of any ABI: the other calls of these numbers have no such texts."""
_BINARY_CODES = (SchedCode.CRED_CHANGE, SchedCode.NS_CHANGE)
"""Their texts are structures."""
_TEXTS = ("text", "text2", "env")
_MASKED_DOCUMENTS = frozenset({"processes", "containers"})
_NUL_JOINED = frozenset({"argv", "environ", "command", "command_line", "traced_command"})

Array = np.ndarray[Any, np.dtype[Any]]
Span = tuple[int, int]


@dataclass
class Redactor:
    """Masks what patterns match."""

    patterns: Sequence[Any] = ()
    """The user's, compiled by RE2; a group named `secret` is what is masked, without one the whole match."""
    secrets: Sequence[Secret] = ()
    masked: dict[str, int] = field(default_factory=dict)
    """Matches not taken yet, by where: arguments, environment, payload, text, documents."""
    everywhere: bool = False
    """Whether all texts of all events and tables are looked at, not only where secrets are usual."""

    def take_masked(self) -> dict[str, int]:
        """What was masked since this was asked for last, by where."""
        taken, self.masked = self.masked, {}
        return taken

    def __bool__(self) -> bool:
        return bool(self.patterns or self.secrets)

    def batch(self, batch: EventBatch) -> EventBatch:
        """The events with secrets masked in arguments of programs, environments and payload."""
        if not self:
            return batch
        flags = batch.column("flags").astype(np.uint16)
        batch = self._with_masked_texts(batch, flags)
        payload = self._with_masked_payload(batch, flags)
        return EventBatch({**batch.columns, "flags": flags}, batch.texts, payload)

    def document(self, kind: str, document: dict[str, Any]) -> dict[str, Any]:
        """A document of a kind with secrets masked; the same where that kind holds none."""
        return {**document, "rows": self.rows(kind, document["rows"])} if "rows" in document else document

    def rows(self, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows of a table, or of documents of a kind, with secrets masked."""
        if not self or not (self.everywhere or name in _MASKED_DOCUMENTS):
            return rows
        return [{key: self.value(entry, key) for key, entry in row.items()} for row in rows]

    def value(self, value: object, name: str = "") -> object:
        """Texts masked in any value that a document may hold; argument lists are looked at as a whole."""
        match value:
            case dict():
                return {key: self.value(entry, str(key)) for key, entry in value.items()}
            case list() | tuple() if name in _NUL_JOINED and all(
                isinstance(word, bytes | str) for word in value
            ):
                return self._words(list(value))
            case list() | tuple():
                return [self.value(entry) for entry in value]
            case str():
                return self._bytes(value.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
            case bytes():
                return self._bytes(value)
        return value

    # Inside.

    def _words(self, words: list[bytes | str]) -> list[bytes | str]:
        raw = [word.encode("utf-8", "surrogatepass") if isinstance(word, str) else word for word in words]
        masked = self._bytes(b"".join(word + b"\0" for word in raw)).split(b"\0")[:-1]
        if len(masked) != len(words):  # a word held a NUL: no program can get such a one
            return words
        return [
            new.decode("utf-8", "replace") if isinstance(old, str) else new
            for old, new in zip(words, masked, strict=True)
        ]

    def _bytes(self, text: bytes) -> bytes:
        spans = sorted(set(self._spans(text, np.array([len(text)]))))
        if not spans:
            return text
        self._count("documents", len(spans))
        heap = np.frombuffer(text, np.uint8).copy()
        _mask(heap, spans)
        return heap.tobytes()

    def _with_masked_texts(self, batch: EventBatch, flags: Array) -> EventBatch:
        heap = batch.texts
        if not isinstance(heap, TextHeap) or not len(heap.lengths):
            return batch
        ends = np.cumsum(heap.lengths, dtype=np.int64)
        texts = np.frombuffer(heap.heap, np.uint8).copy()
        changed = False
        for where, column, rows in self._texts_of(batch):
            codes = np.unique(column[rows])
            hit = [
                code for code in codes[codes > 0].tolist() if self._mask_text(texts, ends, code - 1, where)
            ]
            if hit:
                changed = True
                flags[rows[np.isin(column[rows], hit)]] |= int(EventFlag.MASKED)
        return replace(batch, texts=TextHeap(heap.lengths, texts.tobytes())) if changed else batch

    def _texts_of(self, batch: EventBatch) -> Iterator[tuple[str, Array, Array]]:
        yield from _texts_of_programs(batch)
        if self.everywhere:
            rows = np.flatnonzero(~np.isin(batch.column("code"), _BINARY_CODES))
            yield from (("text", batch.column(name), rows) for name in _TEXTS if name in batch.columns)

    def _mask_text(self, texts: Array, ends: Array, at: int, where: str) -> bool:
        start, end = int(ends[at - 1]) if at else 0, int(ends[at])
        text = texts[start:end]
        spans = sorted(set(self._spans(text.tobytes(), np.array([end - start]))))
        _mask(text, spans)
        self._count(where, len(spans))
        return bool(spans)

    def _with_masked_payload(self, batch: EventBatch, flags: Array) -> bytes:
        if not batch.payload:
            return batch.payload
        ends = np.cumsum(batch.column("captured"), dtype=np.int64)
        spans = sorted(set(self._spans(batch.payload, ends)))
        if not spans:
            return batch.payload
        self._count("payload", len(spans))
        heap = np.frombuffer(batch.payload, np.uint8).copy()
        _mask(heap, spans)
        starts = np.array([start for start, _ in spans])
        flags[np.searchsorted(ends, starts, side="right")] |= int(EventFlag.MASKED)
        return heap.tobytes()

    def _count(self, where: str, number: int) -> None:
        if number:
            self.masked[where] = self.masked.get(where, 0) + number

    def _spans(self, heap: bytes, ends: Array) -> Iterator[Span]:
        """Where secrets stand; `ends`: int64, where each event's part of the heap ends, ascending."""
        for pattern in self.patterns:
            yield from _found(pattern, heap, ends)
        if self.secrets:
            yield from self._index.spans(heap, ends)

    @cached_property
    def _index(self) -> _SecretIndex:
        return _SecretIndex(self.secrets)


def _are_words(values: Iterable[object]) -> bool:
    return all(isinstance(word, bytes | str) for word in values)


def _found(pattern: Any, heap: bytes, ends: Array) -> Iterator[Span]:
    """All matches of one of RE2's patterns, each within one event."""
    at, group = 0, pattern.groupindex.get(_GROUP, 0)
    while at < len(heap):
        end = _end_of(ends, min(at + _LOOKED_AT, len(heap)) - 1)
        match = pattern.search(heap, at, end)
        if match is not None and match.start() < end:
            end = _end_of(ends, match.start())
            if match.end() > end:
                match = pattern.search(heap, match.start(), end)
        if match is None or match.start() >= end:
            at = end
            continue
        start, stop = match.span(group)
        if stop > start:
            yield start, stop
        at = max(match.end(), match.start() + 1)


class _SecretIndex:
    """Finds where secrets may begin, by their first three bytes, without looking at each place in Python."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self._by_key: dict[int, list[tuple[bytes, Secret]]] = {}
        for secret in secrets:
            for begin in secret.begins:
                key = int.from_bytes(begin[:3], "little")
                self._by_key.setdefault(key, []).append((begin, secret))
        self._keys = np.array(sorted(self._by_key), np.uint32)
        self._pairs = np.zeros(1 << 16, bool)
        self._pairs[self._keys & 0xFFFF] = True

    def spans(self, heap: bytes, ends: Array) -> Iterator[Span]:
        """All secrets, each within one event."""
        lower = heap.lower()
        places, keys = self._places(np.frombuffer(lower, np.uint8))
        covered: dict[str, int] = {}
        for at, key in zip(places.tolist(), keys.tolist(), strict=True):
            for begin, secret in self._by_key[key]:
                if not lower.startswith(begin, at) or at < covered.get(secret.name, 0):
                    continue
                if match := secret.pattern.match(heap, at, _end_of(ends, at)):
                    if secret.covers:
                        covered[secret.name] = match.end()
                    yield match.span(match.lastindex or 0)

    def _places(self, lower: Array) -> tuple[Array, Array]:
        """Where three bytes stand that a secret may begin with, and the three as a number."""
        if len(lower) < 3:
            return np.empty(0, np.int64), np.empty(0, np.uint32)
        pairs = lower[:-2] | lower[1:-1].astype(np.uint16) << 8
        at = np.flatnonzero(self._pairs[pairs])
        keys = pairs[at] | lower[at + 2].astype(np.uint32) << 16
        chosen = np.isin(keys, self._keys)
        return at[chosen], keys[chosen]


def _end_of(ends: Array, at: int) -> int:
    return int(ends[np.searchsorted(ends, at, side="right")])


def _mask(heap: Array, spans: Iterable[Span]) -> None:
    for start, stop in spans:
        part = heap[start:stop]
        # A NUL separates arguments: it is no secret, and without it two would look like one.
        part[part != 0] = _MASK


def _texts_of_programs(batch: EventBatch) -> Iterator[tuple[str, Array, Array]]:
    """Where secrets may stand in texts: (what it is, its column, the rows that have it)."""
    rows = np.flatnonzero(np.isin(batch.column("code"), PROGRAM_CODES))
    for where, name in (("arguments", "text2"), ("environment", "env")):
        if name in batch.columns and len(rows):
            yield where, batch.column(name), rows


def make_redactor(patterns: Iterable[str], *, secrets: bool, everywhere: bool = False) -> Redactor:
    """A redactor out of settings.

    Raises:
        ValueError: One is no pattern of RE2, or that is not installed; the message says which and why.
    """
    chosen = SECRETS if secrets else ()
    return Redactor(tuple(map(_compiled, patterns)), chosen, everywhere=everywhere)


def _compiled(pattern: str) -> Any:
    raw = pattern.encode()
    if len(raw) > _MAX_PATTERN:
        raise ValueError(f"a pattern of {len(raw):,} bytes is longer than {_MAX_PATTERN:,}")
    try:
        re2 = import_module("re2")  # it has no types
    except ImportError as error:
        raise ValueError("patterns need RE2 on this machine: pip install google-re2") from error
    options = re2.Options()
    options.max_mem = _MAX_PROGRAM_BYTES
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    try:
        return re2.compile(raw, options)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace") if error.args else ""
        raise ValueError(f"{pattern!r} is no regular expression: {said}") from error
