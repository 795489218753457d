"""Where a report's figures come from: the capture, what it lacks, and the events that were chosen."""

from __future__ import annotations

from inspect_app.analysis.selection import Selection
from inspect_app.analysis.summary import Summary
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.columns import COUNTED_KIND, FILTERED_KIND
from inspect_app.reports.model import Fact
from inspect_app.reports.sections import shown_text
from inspect_app.session import Session
from inspect_app.views.format import format_bytes, format_count, format_duration, format_time

_TOLD = {
    "lost": "lost, for the kernel had no room",
    "unwritten": "not written, for the disk was full",
    "late": "recorded out of order",
    "payload": "recorded without payload, for the recorder was short of room",
    "path": "opened without the path behind it, for the recorder was short of room",
}
_HAPPENED = {"step": "The recorder was short of room", "stalled": "The recorder did not run"}
"""How a kind of the frame of drops is put to a reader."""


def provenance(summary: Summary, digest: str) -> tuple[Fact, ...]:
    """What was recorded, by whom, where and when."""
    span = summary.span_ns
    facts = [
        Fact("File", summary.path),
        *([Fact("Set", summary.part)] if summary.part else []),
        Fact("Verification", summary.state.detail),
        Fact("SHA-256", digest),
        *(Fact(title, text) for title, text in summary.provenance),
        Fact("Host", summary.hostname),
        Fact("System", summary.system or "Linux"),
        Fact("Kernel", f"{summary.kernel} {summary.machine}".strip()),
        Fact("Processors", "" if summary.cpus is None else str(summary.cpus)),
        Fact("Recorder", summary.recorder),
        Fact("Command", summary.command),
        Fact("Settings", ", ".join(f"{name} {value}" for name, value in summary.options.items())),
        Fact("Recording filter", summary.filter or "none: all calls"),
        Fact("Recorded from", "" if summary.started_ns is None else format_time(summary.started_ns)),
        Fact("Recorded to", "" if summary.ended_ns is None else format_time(summary.ended_ns)),
        Fact("Span", "" if span is None else format_duration(span)),
        Fact("Clock", _clock(summary)),
        Fact("Events", format_count(summary.events)),
        Fact(
            "Containers",
            f"{format_count(summary.containers)}, of which {summary.containers_dead:,} gone by the end",
        ),
    ]
    return tuple(Fact(fact.name, shown_text(fact.value) or "not recorded") for fact in facts)


def _clock(summary: Summary) -> str:
    zone = f"; the host's zone is {summary.timezone}" if summary.timezone else ""
    return f"the recorded host's own, shown in UTC{zone}"


def scope_of(frames: CaptureFrames, session: Session, selection: Selection) -> tuple[Fact, ...]:
    """The window and the filters that all figures are of."""
    conditions = session.conditions()
    window = session.window
    told = (
        "the whole recording"
        if window is None
        else f"{format_time(window.start_ns)} to {format_time(window.end_ns)}"
    )
    return (
        Fact("Window", told),
        Fact("Filter", shown_text(" and ".join(conditions)) or "none: every event"),
        Fact("Events", f"{len(selection):,} of {format_count(len(frames.events), 'event')}"),
    )


def warnings_of(summary: Summary) -> tuple[str, ...]:
    """What a reader must know before trusting a figure: damage, losses, names never seen."""
    warnings = []
    if summary.state.state != "whole":
        warnings.append(shown_text(summary.state.detail))
    if summary.filter:
        many = f"{format_count(summary.left_out, 'call')} were" if summary.left_out else "Calls may have been"
        warnings.append(
            f"Recorded with a filter: {shown_text(summary.filter)}. {many} left out on purpose: all figures "
            "and tables are of what was recorded."
        )
    if summary.counted:
        warnings.append(
            f"{format_count(summary.counted, 'call')} ({format_bytes(summary.counted_bytes)} moved) were only"
            " counted, not recorded one by one, for there were too many at once: no other figure has them."
        )
    for kind in summary.unseen:
        intervals = format_count(kind.intervals, "interval")
        told = f"{format_count(kind.count, 'event')} {_TOLD.get(kind.kind, shown_text(kind.kind))}"
        if kind.count and kind.kind not in (COUNTED_KIND, FILTERED_KIND):
            warnings.append(f"{told}, in {intervals}.")
        elif kind.kind in _HAPPENED:
            warnings.append(f"{_HAPPENED[kind.kind]}, in {intervals}.")
    if summary.containers_unnamed:
        many = format_count(summary.containers_unnamed, "container")
        warnings.append(f"The metadata of {many} was never seen; there is only an id.")
    return tuple(warnings)
