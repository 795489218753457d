"""The headless commands: whatever the window can show, as text, JSON, CSV or a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

import click
import numpy as np

from capture.model.text import printable
from inspect_app.analysis.beside import counted_beside
from inspect_app.analysis.host import recording_filter
from inspect_app.analysis.selection import TimeRange, select
from inspect_app.cli.boundary import EXIT_CODES, guarded, open_for_command, window_option
from inspect_app.cli.clocks import times_option
from inspect_app.cli.options import (
    files_argument,
    filter_option,
    format_option,
    own_views_option,
    window_choice,
)
from inspect_app.cli.output import echo_rows, view_written
from inspect_app.filters.completion import complete
from inspect_app.filters.expression import Compare, Expression, quote
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import parse
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.format import beside_text, format_count
from inspect_app.views.sorting import default_order, sort_rows
from inspect_app.views.table import ViewTable, apply_view
from inspect_app.views.tiles import TileMeasure, measure
from inspect_app.views.view import View

_SORT_HELP = "Sort by this column's id; -COLUMN turns it round."
_ALL_HELP = "Also tiles at zero, and those that the capture cannot tell."
_UNTOLD_HELP = "Also those that no capture can tell, with the reason."
_TILE_HEADINGS = ("", "category", "tile", "figure", "meaning")
_FIGURE_HEADINGS = ("id", "category", "title", "total", "unit", "condition", "unknown")


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Dig into a capture: in a window (`exhume-inspect FILE`), or by one of the commands below.

    \b
    Examples:
      exhume-inspect node.exhume
      exhume-inspect views
      exhume-inspect view node.exhume processes
      exhume-inspect values node.exhume proc.name
      exhume-inspect view node.exhume files --filter 'container.name = web and evt.failed = true'
      exhume-inspect tree node.exhume --filter 'container.name = web'
      exhume-inspect at node.exhume +2.5s connections
      exhume-inspect search node.exhume 'BEGIN RSA PRIVATE KEY'
      exhume-inspect spectrogram node.exhume --filter 'fd.type = file'
      exhume-inspect report node.exhume -o report.html

    A large capture opens faster the next time: what was found out about it is kept in your cache folder,
    readable by you alone. `exhume-inspect --no-cache …` or EXHUME_NO_CACHE=1 keeps nothing.
    """


@main.command(epilog=EXIT_CODES)
@files_argument
@click.argument("name")
@filter_option
@window_choice
@times_option
@format_option
@own_views_option
@click.option("--sort", metavar="COLUMN", default="", help=_SORT_HELP)
@click.option("-n", "limit", type=click.IntRange(min=0), metavar="N", help="Show the first N rows only.")
@guarded
def view(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...], name: str, expression: str, window: str, form: str, sort: str, limit: int | None
) -> CaptureFrames:
    """Show a view of a capture: `exhume-inspect views` lists them.

    Several files, or the folder they are in, are opened as one: those of a set, captures of several hosts.

    JSON is one array of rows keyed by column ids, CSV has a header of them; both carry exact figures
    (bytes, nanoseconds) and moments in UTC. Numbers sort from the largest, texts from A.

    \b
    Examples:
      exhume-inspect view node.exhume processes --sort errors -n 20
      exhume-inspect view node.exhume commands --filter 'container.id != host'
      exhume-inspect view node.exhume connections --window +2s..+3s --format csv
      exhume-inspect view node.exhume file_opens --window '09:30 local..' --times local
      exhume-inspect view node.exhume files --filter 'proc.name = sh' --format json | jq '.[0]'
      exhume-inspect view /var/captures/ processes
      exhume-inspect view node.exhume set_id_runs --views my-views.toml
    """
    chosen = view_named(name)
    frames = open_for_command(files, expression)
    span = window_option(frames, window)
    selection = select(frames, span, [expression])
    table = apply_view(chosen, frames, selection, window=span)
    order = _order(table, sort)
    shown = order if limit is None else order[:limit]
    click.echo(view_written(frames, table, shown, form), nl=False)
    _tell_beside(frames, span, [expression, chosen.filter])
    if form == "table" and (left_out := recording_filter(frames.host)):
        click.echo(printable(f"recorded with a filter: {left_out}"), err=True)
    if form == "table" and not len(order):
        click.echo("no rows: none of the selected events belongs in this view", err=True)
    elif form == "table" and len(shown) < len(order):
        click.echo(f"{len(shown):,} of {format_count(len(order), *chosen.noun)} shown", err=True)
    return frames


@main.command()
@own_views_option
@format_option
@guarded
def views(form: str) -> None:
    """List the views, and the columns that --sort can name.

    \b
    Examples:
      exhume-inspect views
      exhume-inspect views --format json | jq -r '.[].id'
      exhume-inspect views --views my-views.toml
    """
    rows = [
        (one.id, one.title, one.description, " ".join(c.id for c in one.columns)) for one in VIEWS.values()
    ]
    echo_rows(("id", "title", "description", "columns"), rows, form, hidden=1)


@main.command()
@click.argument("pattern", default="")
@click.option("--all", "everything", is_flag=True, help=_UNTOLD_HELP)
@format_option
@guarded
def fields(pattern: str, everything: bool, form: str) -> None:
    """List the fields that a filter can ask for; PATTERN is a part of a name or of a meaning.

    JSON and CSV have those, too, that no capture can tell, with the reason.

    \b
    Examples:
      exhume-inspect fields
      exhume-inspect fields fd.
      exhume-inspect fields container
      exhume-inspect fields thread. --all
      exhume-inspect fields --format json | jq -r '.[] | select(.unavailable != "") | .name'
    """
    wanted = pattern.casefold()
    rows = [
        (field.name, field.type.value, field.meaning, field.unavailable)
        for field in FIELDS.values()
        if wanted in field.name.casefold() or wanted in field.meaning.casefold()
    ]
    if not rows:
        raise click.BadParameter(
            f"no field has {pattern!r} in its name or meaning{_nearest(pattern, FIELDS)}"
        )
    headings = ("name", "type", "meaning", "unavailable")
    if form != "table":
        echo_rows(headings, rows, form)
        return
    echo_rows(headings, [row for row in rows if not row[3]], form, hidden=1)
    if everything and (untold := [(row[0], row[3]) for row in rows if row[3]]):
        click.echo()
        echo_rows(("not evaluable", "because"), untold, form)


@main.command(epilog=EXIT_CODES)
@files_argument
@click.argument("field")
@click.option("--holding", "wanted", metavar="TEXT", default="", help="Only values that hold this text.")
@format_option
@guarded
def values(files: tuple[Path, ...], field: str, wanted: str, form: str) -> CaptureFrames:
    """List the values that a FIELD has in a capture, with their events: what completion offers in the window.

    The most frequent come first; of those that hold a text, those that begin with it. There are at most 50.

    \b
    Examples:
      exhume-inspect values node.exhume proc.name
      exhume-inspect values node.exhume fd.name --holding /etc
      exhume-inspect values node.exhume evt.arg.flags --format json
    """
    parse(f"{field} exists")
    frames = open_for_command(files)
    text = f"{field} = {quote(wanted) if wanted else ''}".removesuffix('"')
    offered = [one for one in complete(text, len(text), frames) if one.kind == "value"]
    rows = [(parse(f"{field} = {one.text}"), one) for one in offered]
    echo_rows(("events", "value"), [(one.count, _written(parsed)) for parsed, one in rows], form)
    if not rows and form == "table":
        click.echo("no value to tell: the field has none here, or as many as there are events", err=True)
    return frames


@main.command(epilog=EXIT_CODES)
@files_argument
@filter_option
@window_choice
@format_option
@click.option("--all", "everything", is_flag=True, help=_ALL_HELP)
@guarded
def tiles(
    files: tuple[Path, ...], expression: str, window: str, form: str, everything: bool
) -> CaptureFrames:
    """Show the overview's figures: what there is at a glance; noteworthy ones are marked with a star.

    \b
    Examples:
      exhume-inspect tiles node.exhume
      exhume-inspect tiles node.exhume --filter 'container.name = web'
    """
    frames = open_for_command(files, expression)
    span = window_option(frames, window)
    measured = measure(frames, select(frames, span, [expression]), span)
    _tell_beside(frames, span, [expression])
    shown = [one for one in measured if everything or one.shown]
    if form == "table":
        echo_rows(_TILE_HEADINGS, [_tile_row(one) for one in shown], form)
    else:
        echo_rows(_FIGURE_HEADINGS, [_tile_figures(one) for one in shown], form)
    return frames


def _tell_beside(frames: CaptureFrames, window: TimeRange | None, conditions: Sequence[str]) -> None:
    """On standard error, whatever the form: what the figures lack because it was only counted."""
    beside = counted_beside(frames, window, conditions)
    if beside is not None:
        click.echo(beside_text(beside), err=True)


def _written(condition: Expression) -> str:
    """The value that a condition compares with."""
    return condition.root.values[0].text if isinstance(condition.root, Compare) else ""


def view_named(name: str) -> View:
    """The view of that name. Raises click.BadParameter."""
    if name not in VIEWS:
        remedy = _nearest(name, VIEWS) or "; `exhume-inspect views` lists them"
        raise click.BadParameter(f"there is no view {name!r}{remedy}", param_hint="NAME")
    return VIEWS[name]


def _order(table: ViewTable, sort: str) -> np.ndarray:
    if not sort:
        return default_order(table)
    name = sort.removeprefix("-")
    known = {column.id: column for column in table.columns}
    if name not in known:
        remedy = _nearest(name, known) or f"; it has {', '.join(known)}"
        raise click.BadParameter(f"{table.view.id} has no column {name!r}{remedy}", param_hint="--sort")
    return sort_rows(table, name, known[name].unit.numeric != sort.startswith("-"))


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5) or [one for one in names if name and one in name]
    return f"; did you mean {close[0]}?" if close else ""


def _tile_row(one: TileMeasure) -> tuple[str, ...]:
    tile = one.tile
    mark = "★" if tile.noteworthy and one.total else ""
    if one.unknown:
        return ("", tile.category.value, tile.title, "not known", one.unknown)
    return (mark, tile.category.value, tile.title, one.text, one.meaning)


def _tile_figures(one: TileMeasure) -> tuple[str | int | None, ...]:
    tile = one.tile
    total = None if one.unknown else one.total
    return (tile.id, tile.category.value, tile.title, total, tile.unit.value, tile.condition, one.unknown)
