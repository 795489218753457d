"""What a tile is: data. A condition, a way to count the events that meet it, and a view to open.

A tile counts exactly what its title says. Opening one shows the events that were counted, because the
view is opened with the same condition.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from inspect_app.views.format import Unit
from inspect_app.views.measures import EXECS

FILE = "fd.type = file"
NET = "fd.type in (ipv4, ipv6)"
READ = "evt.is_io_read = true"
WRITE = "evt.is_io_write = true"
OK = "evt.failed = false"
RAN = f"evt.type in ({EXECS}, procexec) and {OK}"


class TileCategory(StrEnum):
    """The columns of the overview, in their order."""

    GENERAL = "General"
    FILE = "File"
    NETWORK = "Network"
    APPS = "Network apps"
    SECURITY = "Security"
    PERFORMANCE = "Performance"
    LOGS = "Logs"
    INFRASTRUCTURE = "Infrastructure"


class Counting(StrEnum):
    """What the figure of a tile is."""

    EVENTS = "events"
    """How many events meet the condition."""
    BYTES = "bytes"
    """The bytes that those events moved."""
    DISTINCT = "distinct"
    """How many different values of `of`, a field of descriptors or `descriptor` itself, they have."""
    ALIVE = "alive"
    """How many of the entity `of` lived; with a filter: those that have events."""
    BEGUN = "begun"
    """How many of the entity `of` began in the window; with a filter: of those that have events."""
    ENDED = "ended"
    """How many of them ended."""
    DROPS = "drops"
    """What was not seen, out of the drops frame."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the overview over its histogram."""

    id: str
    title: str
    category: TileCategory
    description: str
    """What is counted, in one line."""
    condition: str
    """Which events count, in the filter language; empty is all."""
    view: str
    """The view that opens on the events counted, or `events`."""
    counting: Counting = Counting.EVENTS
    of: str = ""
    unit: Unit = Unit.COUNT
    noteworthy: bool = False
    """Worth a second look wherever it is not zero."""
    hide_at_zero: bool = True
