"""From a capture and a place in it to a report.

Every figure is of the same events: those within the window and the filters of the session, which the
report names.
"""

from __future__ import annotations

import time

from inspect_app.analysis.selection import Selection, TimeRange, select
from inspect_app.analysis.summary import summarise
from inspect_app.analysis.timelines import capture_window, histogram
from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.model import Figure, Lifeline, Report, Series, Timeline
from inspect_app.reports.provenance import provenance, scope_of, warnings_of
from inspect_app.reports.sections import PLANS, build_section, shown_text
from inspect_app.session import Session
from inspect_app.views.format import format_count, format_time
from inspect_app.views.tiles import TILES, TileMeasure, measure

LIFELINES_SHOWN = 40
FIGURES_SHOWN = 20
TIMELINE_BINS = 160
FIGURE_BINS = 32
_ALWAYS = frozenset({"syscalls", "containers", "infra.drops"})
"""Figures that tell something at zero too."""


def build_report(
    frames: CaptureFrames, session: Session, *, digest: str = "", now_ns: int | None = None
) -> Report:
    """Everything a report tells about a capture, within the session's window and filters.

    Args:
        frames: The capture.
        session: Where the analyst is.
        digest: SHA-256 of the file (of a set: of its files end to end) in hex, empty if it was not computed.
        now_ns: When the report is made, nanoseconds since 1970 UTC; now without it.

    Raises:
        FilterError: A filter of the session is not one.
    """
    summary = summarise(frames)
    selection = select(frames, session.window, session.conditions())
    window = session.window or capture_window(frames)
    return Report(
        title=shown_text(summary.hostname) or "Unknown host",
        subtitle=shown_text(summary.path),
        state=summary.state.state,
        facts=provenance(summary, digest),
        scope=scope_of(frames, session, selection),
        warnings=warnings_of(summary),
        figures=_figures(frames, selection, window),
        timeline=_timeline(frames, selection, window),
        recorded=capture_window(frames),
        lifelines=_lifelines(frames)[:LIFELINES_SHOWN],
        lifelines_total=summary.containers,
        sections=tuple(build_section(frames, selection, window, plan) for plan in PLANS),
        written=format_time(time.time_ns() if now_ns is None else now_ns, digits=0),
    )


def _figures(frames: CaptureFrames, selection: Selection, window: TimeRange) -> tuple[Figure, ...]:
    measured = measure(frames, selection, window, FIGURE_BINS)
    measures = [one for one in measured if one.shown and (one.total or one.tile.id in _ALWAYS)]
    # Noteworthy ones first: a report has room for some only.
    chosen = sorted(measures, key=lambda one: not (one.tile.noteworthy and one.total > 0))[:FIGURES_SHOWN]
    kept = {one.tile.id for one in chosen}
    return tuple(_figure(one) for one in measures if one.tile.id in kept)


def _figure(one: TileMeasure) -> Figure:
    tile = one.tile
    return Figure(
        tile.title,
        tile.category.value,
        one.text,
        shown_text(one.meaning),
        tile.noteworthy and one.total > 0,
        tuple(int(count) for count in one.counts),
    )


def _timeline(frames: CaptureFrames, selection: Selection, window: TimeRange) -> Timeline:
    events = histogram(frames, selection.rows, window, bins=TIMELINE_BINS)
    wanted = [TILES[name] for name in ("errors", "sec.commands", "net.bytes", "infra.drops")]
    measured = measure(frames, selection, window, TIMELINE_BINS, tiles=wanted)
    lanes = [Series("Events", tuple(events.tolist()), format_count(int(events.sum())), noteworthy=False)]
    lanes += [
        Series(one.tile.title, tuple(one.counts.tolist()), one.text, one.tile.noteworthy) for one in measured
    ]
    return Timeline(window, tuple(lanes))


def _lifelines(frames: CaptureFrames) -> tuple[Lifeline, ...]:
    recorded = capture_window(frames)
    start, span = recorded.start_ns, max(1, recorded.duration_ns)
    columns = ("name", "id", "image", "birth", "death")
    listed = (frames.containers[column].iloc[1:].tolist() for column in columns)
    lines = [
        Lifeline(
            label=shown_text(name or identity),
            note=shown_text(image) or "image not recorded",
            start=0.0 if birth < 0 else min(1.0, max(0.0, (birth - start) / span)),
            end=1.0 if death < 0 else min(1.0, max(0.0, (death - start) / span)),
            began_before=birth < 0,
            goes_on=death < 0,
        )
        for name, identity, image, birth, death in zip(*listed, strict=True)
    ]
    return tuple(sorted(lines, key=lambda line: (line.start, line.end)))
