"""The tiles that are pinned to the time strip, and their lanes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.ui.jobs import Job, Jobs
from inspect_app.ui.scope import Scope
from inspect_app.ui.strip_painter import Lane
from inspect_app.views.format import Unit
from inspect_app.views.tiles import TILES, TileMeasure, measure

_MOST = 6
"""More lanes would leave no room for the page."""


class Pins(QObject):
    """Keeps the order and colours of pinned tiles and measures them over what the strip shows."""

    changed = Signal()
    measured = Signal(object)
    """A list of lanes."""

    def __init__(
        self, jobs: Jobs, failed: Callable[[Exception], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._failed = failed
        self.colours: dict[str, int] = {}

    def toggle(self, tile_id: str) -> None:
        """Pin a tile, or take it off; the oldest makes room."""
        if self.colours.pop(tile_id, None) is None:
            while len(self.colours) >= _MOST:
                del self.colours[next(iter(self.colours))]
            free = (place for place in range(1, _MOST + 2) if place not in self.colours.values())
            self.colours[tile_id] = next(free)
        self.changed.emit()

    def clear(self) -> None:
        """Take all off."""
        self.colours.clear()
        self.changed.emit()

    def measure(self, scope: Scope, shown: tuple[int, int], bins: int) -> None:
        """Work out the lanes for the shown range, in its whole length whatever the time window."""
        colours = dict(self.colours)
        if not colours:
            self._jobs.cancel("lanes")
            self.measured.emit([])
            return

        def work(job: Job) -> object:
            selection = select(scope.frames, None, scope.conditions)
            job.check()
            tiles = [TILES[tile_id] for tile_id in colours]
            found = measure(scope.frames, selection, TimeRange(*shown), bins, tiles=tiles)
            return [lane_of(one, colours[one.tile.id]) for one in found]

        self._jobs.start("lanes", "Measuring pinned tiles", work, self.measured.emit, self._failed)


def lane_of(one: TileMeasure, colour: int) -> Lane:
    """A measured tile as a line of the strip."""
    figure = "{} bytes" if one.tile.unit is Unit.BYTES else "{}"
    return Lane(one.tile.id, one.tile.title, one.text, one.counts, colour, figure)
