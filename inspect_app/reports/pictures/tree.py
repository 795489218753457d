"""The process tree with lifelines: those that matter, and all that they descend from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from inspect_app.analysis.processes import fate_text, lifelines, process_forest
from inspect_app.analysis.selection import TimeRange
from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.drawing import Ink
from inspect_app.reports.pictures.lifelines import Life
from inspect_app.reports.wording import shown_text

MOST_ROWS = 30
"""Lines that fit on a page with a caption."""

Pointed = Mapping[int, Sequence[tuple[int, Ink]]]
"""By row of processes: the moments that are pointed at."""


def process_lives(
    frames: CaptureFrames,
    window: TimeRange,
    chosen: np.ndarray,
    pointed: Pointed,
    most: int = MOST_ROWS,
) -> tuple[list[Life], int]:
    """Lives of the chosen processes and their ancestors, depth first, and how many were left out.

    Args:
        frames: The capture.
        window: Only processes that lived in it.
        chosen: bool, one a process.
        pointed: Moments to mark.
        most: Lines that there is room for.
    """
    forest, lives = process_forest(frames), lifelines(frames, window)
    chosen = chosen & lives.lived
    shown = forest.with_ancestors(_first(chosen, forest.position, most))
    order = forest.order[shown[forest.order]]
    told = [
        Life(
            label=_label(frames, row),
            note=fate_text(frames, row),
            start_ns=int(lives.start[row]),
            end_ns=int(lives.end[row]),
            born=bool(lives.born[row]),
            died=bool(lives.died[row]),
            depth=int(forest.depth[row]),
            is_context=not bool(chosen[row]),
            marks=tuple(sorted(pointed.get(row, ())))[:20],
        )
        for row in order[:most].tolist()
    ]
    left_out = int(chosen.sum()) - sum(not life.is_context for life in told)
    return told, left_out


def _first(chosen: np.ndarray, position: np.ndarray, most: int) -> np.ndarray:
    """At most as many of the chosen as there are lines, in the tree's order."""
    rows = np.flatnonzero(chosen)
    kept = np.zeros(len(chosen), dtype=bool)
    kept[rows[np.argsort(position[rows])][:most]] = True
    return kept


def _label(frames: CaptureFrames, row: int) -> str:
    image = int(frames.processes["image"].to_numpy()[row])
    command = str(frames.images["cmdline"].iat[image]) if image >= 0 else ""
    return f"{int(frames.processes['pid'].to_numpy()[row])}  {shown_text(command) or 'unknown program'}"
