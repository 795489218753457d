"""What a view is: data. A filter, a key that makes the rows, columns, an order, and where it leads.

    view    ::=  kind  filter  key  column*  order  drilldown
    table   ::=  a row for each distinct key of the events that pass the filter
    list    ::=  a row for each event that passes the filter
    column  ::=  title  unit  how  of

`how` says what a cell is, and `of` what it is taken from: a field of the filter language, or a
measure out of `views.measures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspect_app.views.format import Unit


class Kind(StrEnum):
    """What makes a row."""

    TABLE = "table"
    LIST = "list"


class How(StrEnum):
    """What a cell tells about the events of its row."""

    VALUE = "value"
    """The field's value: of the entity itself, else at the row's latest event."""
    COUNT = "count"
    """How many events the measure takes."""
    SUM = "sum"
    """The measure's figures, added up exactly."""
    MEAN = "mean"
    MAX = "max"
    RATE = "rate"
    """Events a second over the window."""
    SHARE = "share"
    """The row's events as a part of all events of the table."""
    DISTINCT = "distinct"
    """How many different values of the field occur."""
    USED = "used"
    """What the row's processes used in the window, by samples: a figure of `analysis.samples`."""
    COUNTED = "counted"
    """What the row's process or container did in calls that were only counted: a column of `counted`."""
    FIRST = "first"
    """When the row's first event returned."""
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a view."""

    id: str
    """Its name in exports, in `--sort` and in sessions; unique within the view."""
    title: str
    unit: Unit
    how: How
    of: str
    """A field's name for VALUE and DISTINCT, a figure's for USED, else a measure's; empty for times."""
    meaning: str
    shown: bool = True
    """Whether it is there before the analyst chooses columns."""

    @property
    def adds_up(self) -> bool:
        """Whether the rows' figures have a sum that means something."""
        return self.how in (How.COUNT, How.SUM)


@dataclass(frozen=True, slots=True)
class Order:
    """What a view is sorted by until the analyst says otherwise."""

    column: str
    descending: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """One question that is asked again and again, as data."""

    id: str
    title: str
    noun: tuple[str, str]
    """What a row is, one and many: ("process", "processes")."""
    description: str
    """What the rows are, in one sentence."""
    tips: tuple[str, ...]
    """How an analyst uses it."""
    applies_to: frozenset[str]
    """Keys of views whose rows can be opened in it; "" is the whole capture."""
    filter: str
    """Which events count, in the filter language; empty takes all."""
    key: str
    """What makes the rows, out of `views.keys`; empty for a list."""
    columns: tuple[Column, ...]
    sort: Order
    drilldown: str
    """The view that Enter opens on a row; `events` is the page of single events."""
    kind: Kind = Kind.TABLE
    key_tells_all: bool = False
    """A row's own condition implies `filter`, and so stands alone."""

    def column(self, name: str) -> Column:
        """The column with this id; KeyError names those there are."""
        for column in self.columns:
            if column.id == name:
                return column
        raise KeyError(f"view {self.id} has no column {name!r}, only {', '.join(c.id for c in self.columns)}")
