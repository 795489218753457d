"""exhume-inspect info."""

from __future__ import annotations

from pathlib import Path

from inspect_app.analysis.summary import Summary, summarise
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command
from inspect_app.cli.commands import main
from inspect_app.cli.options import files_argument, format_option
from inspect_app.cli.output import echo_rows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.format import format_duration, format_time

_UNKNOWN = "not recorded"


@main.command(epilog=EXIT_CODES)
@files_argument
@format_option
@guarded
def info(files: tuple[Path, ...], form: str) -> CaptureFrames:
    """Say what a capture is: of which hosts, from when to when, how much, what is missing.

    Of several captures each is told, with what was done to its clock.

    \b
    Examples:
      exhume-inspect info node.exhume
      exhume-inspect info web.exhume db.exhume --format json
    """
    frames = open_for_command(files)
    echo_rows(("fact", "value"), _facts(summarise(frames)), form)
    return frames


def _facts(summary: Summary) -> list[tuple[str, str]]:
    span = summary.span_ns
    unseen = ", ".join(f"{one.count:,} {one.kind}" for one in summary.unseen if one.count)
    facts = [
        ("File", summary.path),
        ("Of", summary.part),
        ("State", summary.state.detail),
        *summary.provenance,
        ("Host", summary.hostname),
        ("System", summary.system),
        ("Kernel", f"{summary.kernel} {summary.machine}".strip()),
        ("Recorder", summary.recorder),
        ("Recording filter", summary.filter or "none: all calls"),
        ("Recorded from", "" if summary.started_ns is None else format_time(summary.started_ns)),
        ("Recorded to", "" if summary.ended_ns is None else format_time(summary.ended_ns)),
        ("Span", "" if span is None else format_duration(span)),
        ("Events", f"{summary.events:,}"),
        (
            "Not seen, or told otherwise",
            unseen or ("none" if summary.tells_loss else "not told by this file"),
        ),
        ("Processes", f"{summary.processes:,}, of which {summary.processes_ended:,} ended"),
        ("Threads", f"{summary.threads:,}"),
        ("Containers", f"{summary.containers:,}, of which {summary.containers_dead:,} gone by the end"),
    ]
    return [(name, value or _UNKNOWN) for name, value in facts if value or name != "Of"]
