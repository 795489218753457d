"""Arguments and options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

from capture.model.text import printable
from inspect_app.views.catalogue import set_own_views
from inspect_app.views.own import load_views
from inspect_app.views.own_tables import SUFFIXES

FILE = click.Path(path_type=Path)
_LONGEST = 2_000
_FORMATS = click.Choice(["table", "json", "csv"])
_FILTER_HELP = "Only events that meet this expression; `exhume-inspect fields` lists what it can ask."
_WINDOW_HELP = (
    "Only events in this span: +1s..+2.5s, -2s.. (the last two), 03:04:05..03:04:06 (UTC), '09:30 local..',"
    " or full dates; an end may be left out."
)

_VIEWS_HELP = "Offer the views of this file (TOML or YAML), instead of those of your settings folder."


def _take_views(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    if path is not None:
        try:
            set_own_views(load_views(path))
        except ValueError as error:
            raise click.BadParameter(printable(str(error), _LONGEST)) from error
        except OSError as error:
            raise click.BadParameter(f"{path}: {error.strerror or error}") from error


def take_own_views() -> str:
    """Offer the views of the analyst's settings folder; gives what is wrong with them, empty: nothing."""
    folder = Path(click.get_app_dir("exhume"))
    try:
        files = [path for suffix in SUFFIXES if (path := folder / f"views{suffix}").is_file()]
        set_own_views([view for path in files for view in load_views(path)])
    except (ValueError, OSError) as error:
        return printable(str(error), _LONGEST)
    return ""


own_views_option = click.option(
    "--views",
    type=FILE,
    metavar="VIEWS",
    expose_value=False,
    callback=_take_views,
    is_eager=True,
    help=_VIEWS_HELP,
)
files_argument = click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
"""A capture, or several, or the folder they are in."""
filter_option = click.option("--filter", "expression", metavar="EXPR", default="", help=_FILTER_HELP)
window_choice = click.option("--window", metavar="FROM..TO", default="", help=_WINDOW_HELP)
format_option = click.option("--format", "form", type=_FORMATS, default="table", show_default=True)
