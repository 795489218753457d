"""What was computed for a capture once and is needed again, kept for as long as its frames live.

Frames are compared by identity: two captures with equal content are still two captures.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

from inspect_app.frames.capture import CaptureFrames

T = TypeVar("T")
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_KEPT: dict[int, dict[Hashable, Any]] = {}


def remember(frames: CaptureFrames, key: Hashable, compute: Callable[[], T]) -> T:
    """The value of `compute()`, computed at the first call for these frames and this key.

    Background jobs may ask at the same time; then both compute and one result is kept.
    """
    kept = cache_of(frames)
    if key not in kept:
        kept[key] = compute()
    value: T = kept[key]
    return value


def forget(frames: CaptureFrames, *, but: Callable[[Hashable], bool] = lambda key: False) -> None:
    """Give back the memory of what was computed for these frames; it is computed again when asked for.

    Args:
        frames: The capture.
        but: By its key, whether something stays.
    """
    kept = cache_of(frames)
    staying = {key: value for key, value in kept.items() if but(key)}
    kept.clear()
    kept.update(staying)


def cache_of(frames: CaptureFrames) -> dict[Hashable, Any]:
    """The dictionary that belongs to these frames and goes when they go."""
    identity = id(frames)
    if identity not in _KEPT:
        _KEPT[identity] = {}
        weakref.finalize(frames, _KEPT.pop, identity, None)
    return _KEPT[identity]


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
