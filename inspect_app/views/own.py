"""Views of the analyst's own, out of a file in TOML or YAML (see `own_tables`).

    [[view]]
    id = "set_id_runs"
    title = "Set-id programs"
    description = "Who ran programs with a set-id bit."
    filter = "evt.type in (execve, execveat) and proc.exe_setid exists"
    rows = "user"                          # a key of the built-in views; without it a row is an event
    columns = ["user.name", { count = "execs" }, { distinct = "proc.exepath", title = "Programs" }, "last"]
    sort = "-execs"                        # a column's id; - puts the largest first
    opens = "processes"

The file may come from a stranger: it is data with limits, and what is wrong with it is one kind of error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inspect_app.analysis.samples import FIGURES
from inspect_app.filters.errors import FilterError, excerpt
from inspect_app.filters.field import FieldType
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import parse
from inspect_app.views import columns as shared
from inspect_app.views.catalogue import EVENTS, VIEWS
from inspect_app.views.columns import ANYTHING
from inspect_app.views.entities import ENTITIES
from inspect_app.views.format import Unit
from inspect_app.views.keys import KEYS
from inspect_app.views.measures import MEASURES
from inspect_app.views.own_tables import ViewFileError, Written, from_toml, read_file, reader_of
from inspect_app.views.view import Column, How, Kind, Order, View

MAX_VIEWS = 100
MAX_COLUMNS = 60
MAX_TIPS = 10
MAX_TITLE = 100
MAX_TEXT = 1_000
"""Characters of a description or a tip."""

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = ("id", "title", "description", "tips", "filter", "rows", "columns", "sort", "opens")
_UNITS = {
    FieldType.SIZE: Unit.BYTES,
    FieldType.DURATION: Unit.DURATION,
    FieldType.TIME: Unit.TIME,
    FieldType.INTEGER: Unit.ID,
    FieldType.CLOCK: Unit.ID,
}
_FIGURE_UNITS = {"size": Unit.BYTES, "latency": Unit.DURATION}
_USED_UNITS = {"cpu": Unit.DURATION, "cpu_share": Unit.SHARE, "rss": Unit.BYTES, "vms": Unit.BYTES}
_PLAIN = {"first": shared.FIRST, "last": shared.LAST, "events": shared.EVENTS, "errors": shared.ERRORS}


def load_views(path: Path) -> tuple[View, ...]:
    """The views of a file, YAML where its name says so, else TOML.

    Raises:
        ViewFileError: it holds none, or some beyond the limits.
        OSError: it cannot be read.
    """
    try:
        return _views(reader_of(path)(read_file(path)))
    except ViewFileError as error:
        raise ViewFileError(f"{path}: {error}") from None


def read_views(text: str, read: Callable[[str], list[Written]] = from_toml) -> tuple[View, ...]:
    """The views of a text. Raises ViewFileError."""
    return _views(read(text))


def _views(written: list[Written]) -> tuple[View, ...]:
    if len(written) > MAX_VIEWS:
        raise ViewFileError(f"it has {len(written)} views, more than {MAX_VIEWS}")
    views = tuple(_view(one, f"view {number}") for number, one in enumerate(written, start=1))
    names = [view.id for view in views]
    for view, one in zip(views, written, strict=True):
        if names.count(view.id) > 1:
            raise ViewFileError(f"there are two views {view.id!r}", one.line_of("id"))
        if view.drilldown not in {EVENTS, *VIEWS, *names}:
            reason = f"{view.id}: opens {_shown(view.drilldown)}, which is no view"
            raise ViewFileError(f"{reason}{_nearest(view.drilldown, [*VIEWS, *names])}", one.line_of("opens"))
    return views


@contextmanager
def _in(written: Written, key: str) -> Iterator[None]:
    """What is wrong there is told with the line of a key."""
    try:
        yield
    except ViewFileError as error:
        raise ViewFileError(error.reason, error.line or written.line_of(key)) from None


def _view(written: Written, where: str) -> View:
    row = written.row
    with _in(written, "id"):
        name = _text(row, "id", where, MAX_TITLE)
        if not _ID.fullmatch(name):
            raise ViewFileError(f"{where}: the id {_shown(name)} is not small letters, digits and _")
    for other in row:
        with _in(written, other):
            _no_others((other,), _KEYS, name)
    with _in(written, "rows"):
        key = _text(row, "rows", name, MAX_TITLE, "")
        if key and key not in KEYS:
            raise ViewFileError(f"{name}: rows = {_shown(key)} is no key{_nearest(key, KEYS)}")
    with _in(written, "columns"):
        declared = _columns(row.get("columns"), name)
    with _in(written, "title"):
        title = _text(row, "title", name, MAX_TITLE)
    with _in(written, "description"):
        description = _text(row, "description", name, MAX_TEXT, title)
    with _in(written, "tips"):
        tips = _tips(row.get("tips", []), name)
    with _in(written, "filter"):
        condition = _filter(row, name)
    with _in(written, "sort"):
        sort = _order(_text(row, "sort", name, MAX_TITLE, ""), declared, name)
    with _in(written, "opens"):
        opens = _text(row, "opens", name, MAX_TITLE, EVENTS)
    return View(
        id=name,
        title=title,
        noun=("row", "rows") if key else ("event", "events"),
        description=description,
        tips=tips,
        applies_to=ANYTHING - {key} if key else ANYTHING,
        filter=condition,
        key=key,
        columns=declared,
        sort=sort,
        drilldown=opens,
        kind=Kind.TABLE if key else Kind.LIST,
    )


def _text(row: Mapping[str, Any], key: str, where: str, limit: int, default: str | None = None) -> str:
    value = row.get(key, default)
    if not isinstance(value, str):
        raise ViewFileError(f"{where}: {key} must be given, as text")
    if len(value) > limit:
        raise ViewFileError(f"{where}: {key} has {len(value):,} characters, more than {limit:,}")
    return value


def _tips(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(tip, str) and len(tip) <= MAX_TEXT for tip in value):
        raise ViewFileError(f"{where}: tips are a list of texts of at most {MAX_TEXT:,} characters")
    if len(value) > MAX_TIPS:
        raise ViewFileError(f"{where}: there are {len(value)} tips, more than {MAX_TIPS}")
    return tuple(value)


def _filter(row: Mapping[str, Any], where: str) -> str:
    text = row.get("filter", "")
    if not isinstance(text, str):
        raise ViewFileError(f"{where}: filter must be text")
    if text.strip():
        try:
            parse(text)
        except FilterError as error:
            raise ViewFileError(f"{where}: the filter is wrong: {error}") from None
    return text.strip()


def _columns(value: object, where: str) -> tuple[Column, ...]:
    if not isinstance(value, list) or not value:
        raise ViewFileError(f"{where}: columns must be given, as a list")
    if len(value) > MAX_COLUMNS:
        raise ViewFileError(f"{where}: there are {len(value)} columns, more than {MAX_COLUMNS}")
    found = tuple(_column(one, where) for one in value)
    names = [column.id for column in found]
    if len(set(names)) < len(names):
        raise ViewFileError(f"{where}: two columns are the same")
    return found


def _column(value: object, where: str) -> Column:
    if isinstance(value, str):
        return _PLAIN[value] if value in _PLAIN else _field(value, where)
    if not isinstance(value, dict):
        raise ViewFileError(f"{where}: a column is a text or a table, not {_kind_of(value)}")
    kinds = [kind for kind in _MAKERS if kind in value]
    if len(kinds) != 1:
        raise ViewFileError(f"{where}: a column has exactly one of {', '.join(_MAKERS)}")
    _no_others(value, (kinds[0], "title", "shown"), where)
    made = _MAKERS[kinds[0]](_text(value, kinds[0], where, MAX_TITLE), where)
    title = _text(value, "title", where, MAX_TITLE, made.title)
    shown = value.get("shown", True)
    if not isinstance(shown, bool):
        raise ViewFileError(f"{where}: shown is true or false")
    return Column(made.id, title, made.unit, made.how, made.of, made.meaning, shown)


def _field(name: str, where: str) -> Column:
    """A field of the language, or one that only entities have."""
    for entity in ENTITIES.values():
        if name in entity.fields and name not in FIELDS:
            return Column(name, name, Unit.TEXT, How.VALUE, name, name)
    try:
        operand = parse(f"{name} exists").fields()[0]
    except FilterError as error:
        raise ViewFileError(f"{where}: column {_shown(name)}: {error}") from None
    if str(operand) != name:
        raise ViewFileError(f"{where}: {_shown(name)} is no field; write {operand}")
    unit = _UNITS.get(operand.type, Unit.TEXT)
    return Column(name, operand.field.title, unit, How.VALUE, name, operand.field.meaning)


def _distinct(name: str, where: str) -> Column:
    of = _field(name, where)
    return shared.distinct(name, of.title, f"different: {of.meaning}")


def _of_measure(how: How, suffix: str) -> Callable[[str, str], Column]:
    def make(name: str, where: str) -> Column:
        measure = MEASURES.get(name)
        if measure is None:
            raise ViewFileError(f"{where}: there is no measure {_shown(name)}{_nearest(name, MEASURES)}")
        if how in (How.SUM, How.MEAN, How.MAX) and not measure.figure:
            raise ViewFileError(f"{where}: {name} counts events: write count = {name!r}")
        units = {How.COUNT: Unit.COUNT, How.RATE: Unit.RATE, How.SHARE: Unit.SHARE}
        unit = units.get(how) or _FIGURE_UNITS.get(measure.figure, Unit.ID)
        title = name.replace(".", " ").capitalize()
        return Column(name.replace(".", "_") + suffix, title, unit, how, name, measure.meaning)

    return make


def _used(name: str, where: str) -> Column:
    if name not in FIGURES:
        raise ViewFileError(f"{where}: there is no figure {_shown(name)}{_nearest(name, FIGURES)}")
    return shared.used(name, name, _USED_UNITS.get(name, Unit.COUNT))


_MAKERS: Mapping[str, Callable[[str, str], Column]] = MappingProxyType(
    {
        "field": _field,
        "count": _of_measure(How.COUNT, ""),
        "sum": _of_measure(How.SUM, ""),
        "mean": _of_measure(How.MEAN, "_mean"),
        "max": _of_measure(How.MAX, "_max"),
        "rate": _of_measure(How.RATE, "_rate"),
        "share": _of_measure(How.SHARE, "_share"),
        "distinct": _distinct,
        "used": _used,
    }
)
"""What a column can be → how it is made of a name."""


def _order(text: str, columns: Iterable[Column], where: str) -> Order:
    names = [column.id for column in columns]
    name = text.removeprefix("-") or names[0]
    if name not in names:
        raise ViewFileError(f"{where}: sort = {_shown(name)} is no column; there are {', '.join(names)}")
    return Order(name, descending=text.startswith("-"))


def _no_others(row: Iterable[str], known: Iterable[str], where: str) -> None:
    names = list(known)
    for key in row:
        if key not in names:
            raise ViewFileError(f"{where}: {_shown(key)} means nothing here{_nearest(key, names)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name[:MAX_TITLE], list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _kind_of(value: object) -> str:
    # YAML may say much in few bytes by aliases: a value that is no text is not written out.
    kinds = {list: "a list", bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "that")


def _shown(value: str) -> str:
    return repr(excerpt(value))
