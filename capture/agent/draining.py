"""Taking records out of the lanes, about a block at once: full lanes must not take as much memory again.

lanes ─► a chunk of the one that is furthest behind in time ─► … ─► a portion, whole up to a time
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from capture.agent.chunks import Chunk
from capture.agent.lanes import CallLane, Lane

CHUNK = 32_768
"""Records taken apart at once."""
_SOME = 1 / 4
"""How full a lane may be that is left to gather more."""
MOST_BYTES = 16 << 20
"""Memory of a portion, about: long texts are what makes one larger than its number of records says."""


@dataclass
class Drain:
    """Empties lanes side by side, so that none runs far ahead of the others in time."""

    lanes: Sequence[CallLane | Lane]
    is_urgent: Callable[[Lane], bool] = lambda _: True
    """Whether somebody waits for what is in a ring buffer."""
    _reached: list[int] = field(init=False)
    """By lane the boot time of what was taken last, or at which it was empty."""

    def __post_init__(self) -> None:
        self._reached = [0] * len(self.lanes)

    def portion(
        self,
        now: int,
        most: int,
        keep: Callable[[CallLane | Lane, Chunk], None],
        *,
        may_rest: bool = False,
    ) -> tuple[int, bool]:
        """Take what lies in the lanes, up to about `most` records.

        Not what comes meanwhile: running after it would mean many small chunks.

        Args:
            now: boot time in ns, read just before.
            most: records.
            keep: is given every chunk and its lane.
            may_rest: whether only whole chunks are taken, but out of ring buffers in which something is
                urgent: a small chunk costs nearly as much.

        Returns:
            The boot time up to which all has been taken, and whether something was left that does not rest.
        """
        left = [lane.waiting for lane in self.lanes]
        resting = set()
        if may_rest:
            resting = {at for at, lane in enumerate(self.lanes) if left[at] % CHUNK and self._gathers(lane)}
            left = [count // CHUNK * CHUNK if at in resting else count for at, count in enumerate(left)]
        size = 0
        while most > 0 and size < MOST_BYTES:
            behind = [at for at, count in enumerate(left) if count]
            if not behind:
                break
            at = min(behind, key=self._reached.__getitem__)
            lane = self.lanes[at]
            count, chunk = lane.take(min(CHUNK, left[at]))
            # What a record that is still being written holds up counts as having come later.
            left[at] = left[at] - count if count else 0
            most -= count
            size += chunk.memory
            if len(chunk):
                self._reached[at] = chunk.last
                keep(lane, chunk)
        for at, count in enumerate(left):
            if not count and at not in resting:
                self._reached[at] = now
        return min(self._reached), any(left)

    def _gathers(self, lane: CallLane | Lane) -> bool:
        may_wait = isinstance(lane, CallLane) or not self.is_urgent(lane)
        return may_wait and lane.fill < _SOME
