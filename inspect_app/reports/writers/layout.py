"""How wide the columns of a table are on paper."""

from __future__ import annotations

from inspect_app.reports.model import Kind, Table

_PAGE = 482.0
"""Points between the margins of an A4 page."""
_LETTER = {Kind.EXACT: 4.3, Kind.TEXT: 4.3, Kind.NUMBER: 4.6, Kind.TIME: 4.6, Kind.EVENT: 4.8}
"""Points that a letter of a cell takes, on average."""
_HEADER = 5.0
"""The same of a heading."""
_PADDING = 8.0
_INSET = 6.0
"""Points of a cell that its text does not get."""
_EXACT_LETTER = 4.22
"""Points that each letter of an exact text takes, rounded up."""
_ENDS = (" ", "/._=:,;&?@+-")
"""Behind which a line may end, the better first."""
_MOST = {Kind.EXACT: 280.0, Kind.TEXT: 150.0}
"""Points beyond which a column is folded rather than widened."""
_NARROW = 60.0
"""Points up to which a column is left as it is: there is nothing to win."""
_LEAST_FOLDED = 0.3
"""Of the page, for the columns that can be folded."""


def shares(table: Table) -> list[float]:
    """The part of the page's width that each column gets; they add up to 1."""
    wanted = [_width(table, position) for position in range(len(table.columns))]
    folded = [
        column.kind in _MOST and width > _NARROW for column, width in zip(table.columns, wanted, strict=True)
    ]
    tight = sum(width for width, can_fold in zip(wanted, folded, strict=True) if not can_fold)
    loose = sum(wanted) - tight
    if loose:
        # What can be folded fills what the rest leaves; the rest gives way only where that is too little.
        room = max(_PAGE - tight, _PAGE * _LEAST_FOLDED)
        wanted = [
            width * room / loose if can_fold else width
            for width, can_fold in zip(wanted, folded, strict=True)
        ]
    total = sum(wanted)
    return [round(width / total, 4) for width in wanted]


def lines(text: str, room: int) -> list[str]:
    """A text in letters of one width, in lines of so many; nothing is lost, and names break behind signs."""
    found = []
    while len(text) > room:
        ends = (at for signs in _ENDS for at in range(room, room // 2, -1) if text[at - 1] in signs)
        cut = next(ends, room)
        found.append(text[:cut])
        text = text[cut:]
    return [*found, text]


def letters(share: float) -> int:
    """How many letters of one width stand in a line of a column that has this part of the page."""
    return max(4, int((_PAGE * share - _INSET) / _EXACT_LETTER))


def _width(table: Table, position: int) -> float:
    """Points that a column would like to have."""
    column = table.columns[position]
    lengths = sorted(len(row[position]) for row in table.rows) or [1]
    letter = _LETTER[column.kind]
    heading = max(map(len, column.title.split()), default=1) * _HEADER
    if column.kind not in _MOST:
        return max(heading, lengths[-1] * letter) + _PADDING
    usual = max(lengths[(len(lengths) - 1) * 9 // 10], lengths[-1] / 2) * letter
    return max(heading, min(usual, _MOST[column.kind])) + _PADDING
