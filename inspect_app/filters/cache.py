"""What was computed for a capture once and is needed again, kept for as long as its frames live.

Frames are compared by identity: two captures with equal content are still two captures.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from inspect_app.frames.capture import CaptureFrames

T = TypeVar("T")

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


def cache_of(frames: CaptureFrames) -> dict[Hashable, Any]:
    """The dictionary that belongs to these frames and goes when they go."""
    identity = id(frames)
    if identity not in _KEPT:
        _KEPT[identity] = {}
        weakref.finalize(frames, _KEPT.pop, identity, None)
    return _KEPT[identity]
