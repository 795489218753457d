"""Columns that many views share, and short ways to declare others."""

from __future__ import annotations

from inspect_app.analysis.samples import FIGURES
from inspect_app.views.format import Unit
from inspect_app.views.keys import KEYS
from inspect_app.views.measures import MEASURES
from inspect_app.views.view import Column, How

ANYTHING = frozenset({"", *KEYS})
"""Every key, and the whole capture."""


def text(field: str, title: str, meaning: str, *, shown: bool = True) -> Column:
    """A text of the row, under the field's own name."""
    return Column(field, title, Unit.TEXT, How.VALUE, field, meaning, shown)


def number(field: str, title: str, meaning: str, unit: Unit = Unit.ID, *, shown: bool = True) -> Column:
    """A number of the row, under the field's own name."""
    return Column(field, title, unit, How.VALUE, field, meaning, shown)


def count(measure: str, title: str, *, shown: bool = True) -> Column:
    """How many events a measure takes."""
    return Column(_id(measure), title, Unit.COUNT, How.COUNT, measure, MEASURES[measure].meaning, shown)


def total(measure: str, title: str, unit: Unit = Unit.BYTES, *, shown: bool = True) -> Column:
    """A measure's figures, added up."""
    return Column(_id(measure), title, unit, How.SUM, measure, MEASURES[measure].meaning, shown)


def most(measure: str, title: str, unit: Unit, *, shown: bool = True) -> Column:
    """The largest of a measure's figures."""
    return Column(f"{_id(measure)}_max", title, unit, How.MAX, measure, MEASURES[measure].meaning, shown)


def used(figure: str, title: str, unit: Unit, *, shown: bool = True) -> Column:
    """What the row's processes used."""
    return Column(f"used_{figure}", title, unit, How.USED, figure, FIGURES[figure], shown)


def counted(figure: str, title: str, unit: Unit, meaning: str) -> Column:
    """What was done in calls that were added up, not recorded one by one."""
    return Column(f"counted_{figure}", title, unit, How.COUNTED, figure, meaning, shown=False)


def distinct(field: str, title: str, meaning: str, *, shown: bool = True) -> Column:
    """How many different values a field takes."""
    name = f"distinct_{_id(field)}"
    return Column(name, title, Unit.COUNT, How.DISTINCT, field, meaning, shown)


def _id(measure: str) -> str:
    return measure.replace(".", "_")


EVENTS = count("events", "Events")
ERRORS = count("errors", "Errors")
RATE = Column("rate", "Events/s", Unit.RATE, How.RATE, "events", "events a second over the window")
SHARE = Column("share", "Share", Unit.SHARE, How.SHARE, "events", "part of all events in the table")
FIRST = Column("first", "First", Unit.TIME, How.FIRST, "", "when the first event returned", shown=False)
LAST = Column("last", "Last", Unit.TIME, How.LAST, "", "when the last event returned", shown=False)
TIME_IN_CALLS = Column("latency_total", "Time", Unit.DURATION, How.SUM, "latency", "time spent inside calls")
MEAN_LATENCY = Column("latency_mean", "Mean", Unit.DURATION, How.MEAN, "latency", "mean time of one call")
MAX_LATENCY = Column("latency_max", "Longest", Unit.DURATION, How.MAX, "latency", "the longest call")

COUNTED = (
    counted("count", "Only counted", Unit.COUNT, "calls that were counted, not recorded: beside all figures"),
    counted("bytes", "Bytes counted", Unit.BYTES, "bytes moved by calls that were only counted"),
)
"""Of processes, threads and containers: columns that are chosen where a recorder had to count."""

PID = number("proc.pid", "PID", "process id as the host sees it")
PROCESS = text("proc.name", "Process", "the kernel's name of the program, at most 15 bytes")
COMMAND = text("proc.exeline", "Command", "the program and its arguments, as they were given")
USER = text("user.name", "User", "who it runs as")
CONTAINER = text("container.name", "Container", "container, by the name its runtime gave it")
CONTAINER_ID = text("container.id", "Container ID", "12 digits, or host", shown=False)
WHEN = number("evt.rawtime", "Time", "when the call returned", Unit.TIME)
CALL = text("evt.type", "Call", "the system call")
RESULT = text("evt.res", "Result", "SUCCESS, or the error's name")
LATENCY = number("evt.latency", "Took", "how long the call took", Unit.DURATION)
