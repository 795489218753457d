"""`--times`: against what the moments in a table are told; JSON and CSV always have UTC."""

from __future__ import annotations

import click

from inspect_app.analysis.timelines import capture_window
from inspect_app.cli.windows import parse_moment
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.format import Clock, format_time

_KEY = "inspect_app.times"
_HELP = (
    "How tables tell times: utc; local, where this is read; relative, from the first event; or a moment that"
    " they are counted from."
)


def _keep(context: click.Context, _parameter: click.Parameter, value: str) -> None:
    context.meta[_KEY] = value


times_option = click.option(
    "--times",
    metavar="utc|local|relative|MOMENT",
    default="utc",
    show_default=True,
    expose_value=False,
    callback=_keep,
    help=_HELP,
)


def told_clock(frames: CaptureFrames) -> tuple[Clock, int]:
    """The clock that was asked for, and the moment that relative times count from (ns since 1970 UTC).

    Raises:
        click.BadParameter: what was given is no clock and no moment.
    """
    given = click.get_current_context().meta.get(_KEY, "utc")
    whole = capture_window(frames)
    if given in list(Clock):
        return Clock(given), whole.start_ns
    try:
        return Clock.RELATIVE, parse_moment(given, whole)
    except ValueError as error:
        raise click.BadParameter(f"{error}; or utc, local, relative", param_hint="--times") from error


def time_text(frames: CaptureFrames, nanoseconds: int, *, date: bool = True) -> str:
    """A moment as the table of a command tells it."""
    clock, zero = told_clock(frames)
    return format_time(nanoseconds, clock, zero=zero, date=date)
