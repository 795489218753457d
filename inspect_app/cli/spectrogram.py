"""`exhume-inspect spectrogram`: how long calls took, and how that changed over time."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from inspect_app.analysis.selection import select
from inspect_app.analysis.spectrogram import Spectrogram, spectrogram
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command, window_option
from inspect_app.cli.commands import main
from inspect_app.cli.options import files_argument, filter_option, format_option, window_choice
from inspect_app.cli.output import echo_rows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.format import Clock, format_count, format_duration, format_time

_SHADES = " ·▁▂▃▄▅▆▇█"
_HEADINGS = ("from", "to", "latency_from", "latency_to", "count")
_MOST_SLICES = 10_000


@main.command(name="spectrogram", epilog=EXIT_CODES)
@files_argument
@filter_option
@window_choice
@format_option
@click.option("--slices", type=click.IntRange(1, _MOST_SLICES), default=60, show_default=True, metavar="N",
              help="Into how many equal slices of time.")  # fmt: skip
@guarded
def show_spectrogram(
    files: tuple[Path, ...], expression: str, window: str, form: str, slices: int
) -> CaptureFrames:
    """Show how long calls took over time: a line a class of latency, a column a slice of time.

    Classes are fifths of a factor of ten; the darker, the more calls, on a logarithmic scale. JSON and CSV
    have a row for each slice and class that has calls: nanoseconds, and how many calls.

    \b
    Examples:
      exhume-inspect spectrogram node.exhume
      exhume-inspect spectrogram node.exhume --filter 'evt.is_io = true and fd.type = file' --window +2s..+8s
      exhume-inspect spectrogram node.exhume --slices 400 --format csv > latencies.csv
    """
    frames = open_for_command(files, expression)
    span = window_option(frames, window)
    found = spectrogram(frames, select(frames, span, [expression]), span, slices=slices)
    if form == "table":
        _draw(found)
    else:
        echo_rows(_HEADINGS, _cells(found), form)
    return frames


def _cells(found: Spectrogram) -> list[tuple[int, ...]]:
    classes, slots = np.nonzero(found.counts)
    bounds = [found.bounds(row) for row in range(len(found.counts))]
    edges, counts = found.edges.tolist(), found.counts[classes, slots].tolist()
    places = zip(classes.tolist(), slots.tolist(), counts, strict=True)
    return [(edges[slot], edges[slot + 1], *bounds[row], count) for row, slot, count in places]


def _draw(found: Spectrogram) -> None:
    if not len(found.counts):
        click.echo("no selected call has a latency that is known", err=True)
        return
    heights = np.log1p(found.counts)
    shades = np.ceil(heights / heights.max() * (len(_SHADES) - 1)).astype(int)
    for row in reversed(range(len(found.counts))):
        line = "".join(_SHADES[shade] for shade in shades[row].tolist())
        total = format_count(int(found.counts[row].sum()))
        click.echo(f"{format_duration(found.bounds(row)[0]):>9} │{line}│ {total}")
    begin, end = (format_time(int(found.edges[at]), Clock.UTC) for at in (0, -1))
    click.echo(f"{'':>9}  {begin} … {end}")
