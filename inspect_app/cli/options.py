"""Arguments and options that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(path_type=Path)
_FORMATS = click.Choice(["table", "json", "csv"])
_FILTER_HELP = "Only events that meet this expression; `exhume-inspect fields` lists what it can ask."
_WINDOW_HELP = (
    "Only events in this span: +1s..+2.5s, 03:04:05..03:04:06, or full dates; an end may be left out."
)

files_argument = click.argument("files", metavar="FILE...", type=FILE, nargs=-1, required=True)
"""A capture, or the files of a set, or the folder they are in."""
filter_option = click.option("--filter", "expression", metavar="EXPR", default="", help=_FILTER_HELP)
window_choice = click.option("--window", metavar="FROM..TO", default="", help=_WINDOW_HELP)
format_option = click.option("--format", "form", type=_FORMATS, default="table", show_default=True)
