"""Fields of a whole call: all its arguments as one text, and its paths as they were given."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from capture.identity.snapshot import text_of
from capture.model.events import ArgKind
from inspect_app.filters.argument_places import Place, all_places
from inspect_app.filters.argument_texts import Registers, is_told, texts_at
from inspect_app.filters.entities import entity_text, event_array
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import Facets, TextFacet, compose, distinct, look_up, occurring
from inspect_app.filters.field import Compute, Field, FieldType
from inspect_app.frames.capture import CaptureFrames

MAX_PATHS = 1_000_000
MAX_LINES = 2_000_000
"""Different combinations of arguments that are turned into text."""
_MEANS_LITTLE = frozenset({ArgKind.POINTER, ArgKind.OFFSET_HIGH})


def _arguments(frames: CaptureFrames, _argument: str) -> Facets:
    """Decoded once for each distinct combination that a type of event has."""
    codes = np.full(len(frames.events), -1, np.int32)
    texts: list[str | None] = []
    every = [
        [place for place in places if is_told(place) and place.arg.kind not in _MEANS_LITTLE]
        for places in all_places(frames)
    ]
    registers = Registers(frames, [place for told in every for place in told])
    for told in every:
        if told:
            found, values = _together(frames, told, registers)
            codes[told[0].rows] = found + len(texts)
            texts.extend(values)
            _check_lines(told[0], len(texts))
    merged, known = distinct(texts)
    return (TextFacet(known, None, look_up(merged.astype(np.int32), codes, missing=-1)),)


def _together(
    frames: CaptureFrames, places: Sequence[Place], registers: Registers
) -> tuple[np.ndarray, list[str | None]]:
    """For the events of a type: position of each one's text, and the texts."""
    parts = [texts_at(frames, place, registers) for place in places]
    merged = np.zeros(len(places[0].rows), np.int64)
    columns: list[np.ndarray] = []
    for codes, values in parts:
        merged, found = occurring(merged * (len(values) + 1) + codes + 1)
        _check_lines(places[0], len(found))
        before, last = np.divmod(found, len(values) + 1)
        columns = [*(column[before] for column in columns), last - 1]
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return merged, [_line(places, parts, row) for row in rows]


def _check_lines(place: Place, count: int) -> None:
    if count > MAX_LINES:
        raise NotEvaluableError(
            f"evt.args: up to {place.spec.name} there are more than {MAX_LINES:,} different combinations of "
            f"arguments; ask for single ones, as evt.arg.{place.arg.name}"
        )


def _line(
    places: Sequence[Place], parts: Sequence[tuple[np.ndarray, list[str | None]]], row: Sequence[int]
) -> str:
    named = zip(places, parts, row, strict=True)
    texts = ((place.arg.name, values[at] if at >= 0 else None) for place, (_, values), at in named)
    return " ".join(f"{name}={text}" for name, text in texts if text is not None)


def _raw_paths(frames: CaptureFrames, which: int) -> TextFacet:
    """The path that a call was given, before it was resolved."""
    column = ("path", "path2")[which]
    rows = np.flatnonzero(event_array(frames, column) >= 0)
    place, kinds = occurring(frames.source.text_codes(rows)[which])
    if len(kinds) > MAX_PATHS:
        raise NotEvaluableError(f"fs.path: more than {MAX_PATHS:,} different paths were given")
    first = np.zeros(len(kinds), np.int64)
    first[place[::-1]] = rows[::-1]
    found = (frames.source.texts(row)[which] for row in first.tolist())
    codes, values = distinct(None if text is None else text_of(text) for text in found)
    of_event = np.full(len(frames.events), -1, np.int64)
    of_event[rows] = compose(codes, place, len(values))
    return TextFacet(values, None, of_event)


def _raw(which: int, *, alone: bool) -> Compute:
    """Calls on two paths have a source and a target; others just a path."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        facet = _raw_paths(frames, which)
        assert facet.rows is not None  # noqa: S101 - what _raw_paths makes
        fits = (event_array(frames, "path2") < 0) == alone
        return (TextFacet(facet.values, None, np.where(fits, facet.rows, -1)),)

    return compute


def _name_as_given(frames: CaptureFrames, _argument: str) -> Facets:
    """The path that the call was given; of calls on a descriptor its resolved name."""
    given, name = _raw_paths(frames, 0), entity_text(frames, "descriptor", "name")
    assert given.rows is not None  # noqa: S101 - what _raw_paths makes
    named = name.event_codes()
    is_given = (given.rows >= 0) & (named >= 0) & (event_array(frames, "path2") < 0)
    merged, values = distinct([*given.values, *name.values])
    codes = np.where(is_given, given.rows, np.where(named >= 0, named + len(given.values), -1))
    return (TextFacet(values, None, look_up(merged, codes, missing=-1)),)


CALL_FIELDS = (
    Field("evt.args", FieldType.TEXT, "Arguments", "all arguments as name=value, without addresses and payload", _arguments),
    Field("evt.info", FieldType.TEXT, "Information", "the same as evt.args", _arguments),
    Field("fs.path.nameraw", FieldType.TEXT, "Path", "the path that a call on one path was given, as it was given",
          _raw(0, alone=True)),
    Field("fs.path.sourceraw", FieldType.TEXT, "Source", "first path of rename, link and the like, as it was given",
          _raw(0, alone=False)),
    Field("fs.path.targetraw", FieldType.TEXT, "Target", "second path of rename, link and the like, as it was given",
          _raw(1, alone=False)),
)  # fmt: skip
GIVEN_NAME = Field(
    "fd.nameraw",
    FieldType.TEXT,
    "Descriptor",
    "fd.name as the call was given it, where it was given a path",
    _name_as_given,
)
