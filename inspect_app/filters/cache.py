"""What was computed for a capture once and is needed again, kept for as long as its frames live.

Frames are compared by identity: two captures with equal content are still two captures.
"""

from __future__ import annotations

import os
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import fields, is_dataclass
from itertools import islice
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd

from inspect_app.frames.capture import CaptureFrames

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MIN_BUDGET = 512 << 20
BYTES_AN_EVENT = 160
"""What is kept of arrays: so many bytes for each event of the capture, and MIN_BUDGET at least. All views and
tiles of a capture take as much; more than a quarter of the machine's memory is never kept."""
_PART_OF_MEMORY = 4

_KEPT: dict[int, Kept] = {}


def remember(frames: CaptureFrames, key: Hashable, compute: Callable[[], T]) -> T:
    """The value of `compute()`, computed when it is asked for these frames and this key, and kept.

    What was not asked for longest is given up when the arrays that are kept go beyond the budget. Background
    jobs may ask at the same time; then both compute and one result is kept.
    """
    kept = cache_of(frames)
    found = kept.get(key, _MISSING)
    if found is _MISSING:
        found = compute()
        kept[key] = found
    value: T = found
    return value


def forget(frames: CaptureFrames, *, but: Callable[[Hashable], bool] = lambda key: False) -> None:
    """Give back the memory of what was computed for these frames; it is computed again when asked for.

    Args:
        frames: The capture.
        but: By its key, whether something stays.
    """
    cache_of(frames).clear(but)


def cache_of(frames: CaptureFrames) -> Kept:
    """What belongs to these frames and goes when they go."""
    identity = id(frames)
    if identity not in _KEPT:
        _KEPT[identity] = Kept(_budget(len(frames.events)))
        weakref.finalize(frames, _KEPT.pop, identity, None)
    return _KEPT[identity]


def _budget(events: int) -> int:
    return max(MIN_BUDGET, min(BYTES_AN_EVENT * events, _memory() // _PART_OF_MEMORY))


def _memory() -> int:
    """Bytes of the machine's memory; a laptop's where it cannot be told."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 16 << 30


class Kept:
    """What was computed for one capture, under keys, as long as its arrays fit into a budget.

    Arrays that several values share count once. Those that are mapped from a file do not count: the
    system can drop them.
    """

    def __init__(self, budget: int) -> None:
        """`budget`: bytes of arrays."""
        self.held = 0
        """Bytes of arrays that are kept."""
        self._budget = budget
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._arrays: dict[Hashable, dict[int, int]] = {}
        self._shares: Counter[int] = Counter()
        self._lock = Lock()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def get(self, key: Hashable, default: Any = None) -> Any:
        """What is kept under a key, which counts as used now."""
        with self._lock:
            if key not in self._values:
                return default
            self._values.move_to_end(key)
            return self._values[key]

    def __setitem__(self, key: Hashable, value: Any) -> None:
        arrays = {id(array): array.nbytes for array in arrays_in(value)}
        with self._lock:
            self._drop(key)
            self._values[key], self._arrays[key] = value, arrays
            self.held += sum(size for identity, size in arrays.items() if not self._shares[identity])
            self._shares.update(arrays.keys())
            if self.held > self._budget:
                self._make_room(key)

    def clear(self, but: Callable[[Hashable], bool]) -> None:
        """Drop all of which `but`, asked for its key, does not say that it stays."""
        with self._lock:
            for key in [key for key in self._values if not but(key)]:
                self._drop(key)

    def _make_room(self, last: Hashable) -> None:
        """Values without arrays of their own stay: nothing is won by dropping them."""
        for key in [key for key in self._values if sum(self._arrays[key].values()) >= _WORTH]:
            if self.held <= self._budget or key == last:
                return
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        if key not in self._values:
            return
        del self._values[key]
        for identity, size in self._arrays.pop(key).items():
            self._shares[identity] -= 1
            if not self._shares[identity]:
                del self._shares[identity]
                self.held -= size


_MISSING = object()
_WORTH = 1 << 16
_MOST_PARTS, _DEEPEST = 256, 4


def arrays_in(value: object, depth: int = 0) -> Iterator[np.ndarray]:
    """The arrays of which a value consists that have memory of their own: not those of a mapped file."""
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        if value.base is None:
            yield value
        return
    for part in _parts_of(value) if depth < _DEEPEST else ():
        yield from arrays_in(part, depth + 1)


def _parts_of(value: object) -> Iterable[object]:
    if isinstance(value, pd.DataFrame):
        return [column.array for _, column in value.items()]
    if isinstance(value, pd.api.extensions.ExtensionArray):
        return [getattr(value, "codes", getattr(value, "_ndarray", None))]
    if isinstance(value, tuple | list):
        return value[:_MOST_PARTS]
    if isinstance(value, dict):
        return islice(value.values(), _MOST_PARTS)
    if is_dataclass(value):
        return [getattr(value, part.name) for part in fields(value)]
    return ()


class Recent(Generic[Key, Value]):
    """The results that were used last. Background jobs may share it: a lock keeps it whole."""

    def __init__(self, size: int) -> None:
        """`size`: how many are kept."""
        self._size = size
        self._found: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """What was found under a key, None if it is not kept."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Keep it, and drop what was not used for longest."""
        with self._lock:
            self._found[key] = value
            while len(self._found) > self._size:
                self._found.popitem(last=False)
