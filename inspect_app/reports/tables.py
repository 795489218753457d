"""Views as tables of a report: which of their columns, what is marked, where they are cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from inspect_app.analysis.selection import Selection
from inspect_app.reports.material import Material
from inspect_app.reports.model import Column, Kind, Table
from inspect_app.reports.wording import is_one_day, moment, shown_text
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.export import to_csv
from inspect_app.views.format import Unit
from inspect_app.views.sorting import default_order
from inspect_app.views.table import ViewTable, apply_view
from inspect_app.views.view import Column as ViewColumn

_EXACT = frozenset(
    {
        *("fd.name", "proc.exeline", "container.image", "proc.exe_sha256", "proc.exepath", "container.id"),
        *("dns.name", "http.host", "http.target", "fd.rip", "container.mounts.sensitive", "evt.args"),
    }
)

Mark = Callable[[ViewTable], np.ndarray]
"""bool, one a row: worth a second look."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which view makes a table, and which of its columns."""

    view: str
    title: str
    explanation: str
    columns: tuple[str, ...]
    beside: tuple[str, ...] = ()
    """Further columns of the whole, in the file that lies beside the report."""
    mark: Mark | None = None
    cites: bool = False
    """Whether each row is an event, which is cited."""
    named: bool = False
    """Whether rows without a value in the first column are left out."""


def view_table(plan: Plan, material: Material, selection: Selection | None = None) -> ViewTable:
    """The rows of a plan's view, with no more columns than it needs: each costs time.

    Args:
        plan: Which view.
        material: The capture.
        selection: Other events than those of the report.
    """
    view = VIEWS[plan.view]
    wanted = {*plan.columns, *plan.beside, view.sort.column}
    lean = replace(view, columns=tuple(column for column in view.columns if column.id in wanted))
    return apply_view(lean, material.frames, selection or material.selection, window=material.window)


def table_of(
    plan: Plan,
    material: Material,
    *,
    name: str = "",
    selection: Selection | None = None,
    most: int | None = None,
) -> Table:
    """The table of a plan over the selected events.

    Args:
        plan: Which view.
        material: The capture.
        name: What the table is called in the report and the file beside it; without it the view's id.
        selection: Other events than those of the report.
        most: Fewer rows than the report's tables have.
    """
    table, named = view_table(plan, material, selection), name or plan.view.replace("_", "-")
    order = default_order(table)
    # A report tells what was done; the views list what was idle too.
    order = order[table.events[order] > 0]
    if plan.named:
        first = table.position(plan.columns[0])
        order = order[[table.value(row, first) not in ("", None) for row in order.tolist()]]
    marked = plan.mark(table) if plan.mark and len(table) else np.zeros(len(table), dtype=bool)
    # What is marked comes first, so that the cut never hides it.
    order = order[np.argsort(~marked[order], kind="stable")]
    rows = material.options.rows
    shown = order[: rows if most is None else min(most, rows)]
    is_cut = len(shown) < len(order)
    columns, cells = _cells(plan, material, table, shown)
    return Table(
        id=named,
        title=plan.title,
        columns=tuple(columns),
        rows=tuple(zip(*cells, strict=True)) if len(shown) else (),
        noun=table.view.noun,
        total=len(order),
        marked=tuple(marked[shown].tolist()),
        beside=material.attach(f"{named}.csv", to_csv(table, order)) if is_cut else "",
    )


def _cells(
    plan: Plan, material: Material, table: ViewTable, shown: np.ndarray
) -> tuple[list[Column], list[list[str]]]:
    """The columns that a document shows, and for each the texts of the rows."""
    one_day = is_one_day(material.window)
    positions = [table.position(column) for column in plan.columns]
    columns = [_column(table.columns[position], one_day) for position in positions]
    cells = [_texts(table, position, shown, material) for position in positions]
    if plan.cites and "events" in material.chosen_parts:
        columns.append(Column("Event", Kind.EVENT))
        cells.append([material.cite(row) for row in table.last[shown].tolist()])
    return columns, cells


def _column(column: ViewColumn, one_day: bool) -> Column:
    if column.unit is Unit.TIME:
        return Column(f"{column.title} (UTC)" if one_day else column.title, Kind.TIME)
    if column.of in _EXACT or column.id in _EXACT:
        return Column(column.title, Kind.EXACT)
    return Column(column.title, Kind.NUMBER if column.unit.numeric else Kind.TEXT)


def _texts(table: ViewTable, position: int, rows: np.ndarray, material: Material) -> list[str]:
    if table.columns[position].unit is not Unit.TIME:
        return [shown_text(table.text(row, position)) for row in rows.tolist()]
    values = (table.value(row, position) for row in rows.tolist())
    return [
        moment(value, material.window) if isinstance(value, int) and value >= 0 else "—" for value in values
    ]
