"""How wide the columns of a table are on paper."""

from __future__ import annotations

from inspect_app.reports.model import Kind, Table

_MOST = {Kind.EXACT: 64, Kind.TEXT: 34}
"""Characters beyond which a column is folded rather than widened."""
_LEAST = 5
_TIGHT = frozenset({Kind.NUMBER, Kind.TIME, Kind.EVENT})
"""Columns that are never folded."""


def shares(table: Table) -> list[float]:
    """The part of the page's width that each column gets; they add up to 1."""
    weights = [_weight(table, position) for position in range(len(table.columns))]
    total = sum(weights)
    return [round(weight / total, 4) for weight in weights]


def _weight(table: Table, position: int) -> float:
    column = table.columns[position]
    lengths = sorted(len(row[position]) for row in table.rows)
    words = max(map(len, column.title.split()), default=1)
    if column.kind in _TIGHT:
        return float(max(_LEAST, words + 1, lengths[-1] + 1 if lengths else 0))
    usual = lengths[(len(lengths) - 1) * 9 // 10] if lengths else 0
    # Half way between what most rows need and a share that leaves room for others.
    return float(max(_LEAST + 2, words + 1, min(usual + 1, _MOST[column.kind])))
