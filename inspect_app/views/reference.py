"""The reference of views and tiles, from their tables: `python -m inspect_app.views.reference`."""

from __future__ import annotations

from collections.abc import Iterable

from inspect_app.views.catalogue import VIEWS, Column, How, Kind, View
from inspect_app.views.keys import KEYS
from inspect_app.views.measures import MEASURES
from inspect_app.views.tile_catalogue import TILES, Tile, TileCategory

_INTRODUCTION = """\
# Views and tiles

This page is written by `python -m inspect_app.views.reference`; a test holds it against the tables.

A **view** is a table over the selected events: a filter, a key that makes the rows, and columns. Every
event that passes the filter is in exactly one row, so figures add up; events that lack a value of the key
have a row of their own, shown as `—`. A row opens with a condition that selects exactly its events.
Processes, threads and containers that lived in the window have a row even without events, unless a filter
asks for events.

    exhume-inspect view node.exhume processes --sort errors --filter 'container.name = web'

Views of your own come from a file in TOML or YAML: see the [user guide](user-guide.md#views-of-your-own).

Calls that a recorder under load only counted are in no row: they are told beside the table, exactly or
as the most that may belong there ([why](decisions/counted-calls-stand-beside.md)).

A **tile** is one figure of the overview over its histogram. It counts the events that meet its condition, and
opens a view on those same events. The conditions are in the language of [filter fields](filter-fields.md).
"""
_HOW = {
    How.VALUE: "",
    How.COUNT: "number of",
    How.SUM: "sum of",
    How.MEAN: "mean",
    How.MAX: "largest",
    How.RATE: "a second:",
    How.SHARE: "",
    How.DISTINCT: "number of",
    How.USED: "",
    How.COUNTED: "",
    How.FIRST: "",
    How.LAST: "",
}


def reference() -> str:
    """The whole page as Markdown."""
    views = [_view(view) for view in VIEWS.values()]
    tiles = [_tiles(category) for category in TileCategory]
    return "\n".join([_INTRODUCTION, "## Views\n", *views, "## Tiles\n", *tiles])


def _view(view: View) -> str:
    rows = [(f"`{column.id}`", column.title, str(column.unit), _meaning(column)) for column in view.columns]
    return "\n".join(
        [
            f"### `{view.id}`: {view.title}\n",
            f"{view.description} {' '.join(view.tips)}\n",
            f"- a row is {_row(view)}",
            f"- takes {f'`{view.filter}`' if view.filter else 'every event'}",
            f"- sorted by `{view.sort.column}`, {'largest' if view.sort.descending else 'smallest'} first",
            f"- Enter opens `{view.drilldown}`\n",
            _table(("column", "title", "unit", "meaning"), rows),
        ]
    )


def _row(view: View) -> str:
    if view.kind is Kind.LIST:
        return "one event"
    return "the events with the same " + ", ".join(f"`{name}`" for name in KEYS[view.key].fields)


def _meaning(column: Column) -> str:
    condition = MEASURES[column.of].where if column.of in MEASURES else ""
    where = f" (`{condition}`)" if condition else ""
    return f"{_HOW[column.how]} {column.meaning}{where}".strip()


def _tiles(category: TileCategory) -> str:
    rows = [_tile(tile) for tile in TILES.values() if tile.category is category]
    return f"### {category}\n\n{_table(('tile', 'title', 'what it counts', 'condition', 'opens'), rows)}"


def _tile(tile: Tile) -> tuple[str, ...]:
    condition = f"`{tile.condition}`" if tile.condition else "every event"
    title = f"{tile.title} ★" if tile.noteworthy else tile.title
    return (f"`{tile.id}`", title, tile.description, condition, f"`{tile.view}`")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    print(reference(), end="")
