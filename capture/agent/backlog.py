"""Work on its way to the disk: in order, and no more of it than the memory that it may take.

A slow disk must not make the recorder grow. Who hands work over waits until there is room; who must not wait
asks `is_full` first.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

MOST_BYTES = 32 << 20
_MOST_PIECES = 4_096
"""Pieces without much in them are not counted by bytes, yet their number has an end, too."""


@dataclass
class Backlog:
    """Pieces of work that one thread does for others."""

    most_bytes: int = MOST_BYTES
    bytes: int = 0
    """Memory that waiting pieces take."""
    _pieces: deque[tuple[Callable[[], None] | None, int]] = field(default_factory=deque)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def is_full(self) -> bool:
        """Whether `put` would wait."""
        return self.bytes >= self.most_bytes or len(self._pieces) >= _MOST_PIECES

    def put(self, piece: Callable[[], None] | None, size: int = 0) -> None:
        """Hand a piece over that takes so many bytes; waits while there is no room. None: the last one."""
        with self._changed:
            self._changed.wait_for(lambda: not self.is_full)
            self._pieces.append((piece, size))
            self.bytes += size
            self._changed.notify_all()

    def get(self) -> tuple[Callable[[], None] | None, int]:
        """The next piece and its size, which counts until it is `done`; waits for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._pieces)
            return self._pieces.popleft()

    def done(self, size: int) -> None:
        """A piece of that size needs its memory no more."""
        with self._changed:
            self.bytes -= size
            self._changed.notify_all()
