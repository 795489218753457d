"""A frame as a table: rows that no view makes, such as those of a state or a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from inspect_app.views.cells import Cells, Value, number_cells, text_cells
from inspect_app.views.format import Unit
from inspect_app.views.table import ViewTable
from inspect_app.views.view import Column, How, Order, View

PlainColumn = tuple[str, str, Unit, str]
"""Column of the frame, title, unit, meaning; texts that are empty and numbers below 0 are missing."""


@dataclass(frozen=True, slots=True)
class PlainSpec:
    """What a table of a frame is called and made of."""

    id: str
    title: str
    noun: tuple[str, str]
    description: str
    columns: Sequence[PlainColumn]
    sort: str
    descending: bool = False
    key: str = ""
    """The key of views that a row's condition is like, for the views that it can be opened in."""
    drilldown: str = ""


Tell = Callable[[int], str]
RowsWith = Callable[[np.ndarray], np.ndarray]
"""From ascending rows of events to the rows of a table that stand for one of them."""


def _nothing(_row: int) -> str:
    return ""


def plain_table(
    spec: PlainSpec,
    frame: pd.DataFrame,
    *,
    condition: Tell = _nothing,
    label: Tell = _nothing,
    key: Callable[[int], Mapping[str, Value]] = lambda row: {},
    events: np.ndarray | None = None,
    rows_with: RowsWith | None = None,
) -> ViewTable:
    """A frame's rows, in no particular order.

    Args:
        spec: Which columns, under which names.
        frame: The rows.
        condition: The filter that a row stands for; empty where it stands for no events.
        label: What people call a row.
        key: Fields and values that tell what a row is about.
        events: The event that each row stands for, in any order; None: they stand for none.
        rows_with: Which rows stand for one of some events, where a row stands for several.
    """
    columns = tuple(
        Column(name, title, unit, How.VALUE, "", told) for name, title, unit, told in spec.columns
    )
    view = View(
        id=spec.id,
        title=spec.title,
        noun=spec.noun,
        description=spec.description,
        tips=(),
        applies_to=frozenset(),
        filter="",
        key=spec.key,
        columns=columns,
        sort=Order(spec.sort, descending=spec.descending),
        drilldown=spec.drilldown,
    )
    known = events is not None
    places = events if events is not None else np.full(len(frame), -1, np.int64)
    return ViewTable(
        view=view,
        cells=tuple(_cells(frame[column.id], column.unit) for column in columns),
        totals=(None,) * len(columns),
        events=np.full(len(frame), int(known), np.int64),
        first=places,
        last=places,
        row_condition=condition,
        row_label=label,
        row_key=key,
        rows_with=(lambda found: np.flatnonzero(np.isin(places, found))) if known else rows_with,
    )


def _cells(column: pd.Series, unit: Unit) -> Cells:
    if unit is not Unit.TEXT:
        numbers = column.to_numpy().astype(np.int64)
        return number_cells(numbers, missing=numbers < 0)
    codes, distinct = pd.factorize(column)
    empty = np.array([not text for text in distinct] + [True])
    return text_cells(np.asarray(distinct, dtype=object), np.where(empty[codes], -1, codes))
