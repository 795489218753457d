"""Where the analyst is, as a value: the page, the window, the filter, and the path of drill-downs.

Every change makes a new session, so going back is keeping the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from inspect_app.analysis.selection import TimeRange

OVERVIEW = "overview"


@dataclass(frozen=True, slots=True)
class Step:
    """One step deeper: on this page, these rows were opened."""

    view_id: str
    """The page that one came from."""
    title: str
    """What that page is called, for the breadcrumb: `Processes`."""
    condition: str
    """The filter that the opened row stands for: `proc.pid = 400`."""
    label: str
    """How the row is shown in the breadcrumb: `python3 (400)`. Text of the capture: never markup."""


@dataclass(frozen=True, slots=True)
class Session:
    """One place in a capture."""

    window: TimeRange | None = None
    """None: the whole capture."""
    filter: str = ""
    """What is written in the filter bar; empty: nothing."""
    steps: tuple[Step, ...] = ()
    page: str = OVERVIEW
    """The page or view that is shown; of a subject its address."""
    tab: str = ""
    """The part of the page that is shown, where it has parts; empty: its first."""
    sort: str = ""
    """The column that the page is sorted by; empty: its own order."""
    descending: bool = True

    def conditions(self) -> tuple[str, ...]:
        """Every filter that holds here: of the steps, in order, then of the filter bar."""
        texts = (*(step.condition for step in self.steps), self.filter)
        return tuple(text for text in texts if text.strip())

    def drill(self, target: str, *, title: str, condition: str, label: str) -> Self:
        """Open another page on the rows that meet a condition.

        Args:
            target: The page that is opened.
            title: What the page one leaves is called.
            condition: The filter that the opened row stands for.
            label: How the row is shown in the breadcrumb.
        """
        step = Step(self.page, title, condition, label)
        return replace(self, steps=(*self.steps, step), page=target, tab="", sort="", descending=True)

    def up(self) -> Self:
        """Back to where the last step was made; at the top, the same session."""
        return self.up_to(len(self.steps) - 1) if self.steps else self

    def up_to(self, count: int) -> Self:
        """Back to where only the first `count` steps had been made: a click on a breadcrumb."""
        if not 0 <= count < len(self.steps):
            return self
        return replace(
            self, steps=self.steps[:count], page=self.steps[count].view_id, tab="", sort="", descending=True
        )

    def without_step(self, index: int) -> Self:
        """The same page without one of the conditions on the way: a chip that is closed."""
        return replace(self, steps=self.steps[:index] + self.steps[index + 1 :])

    def with_window(self, window: TimeRange | None) -> Self:
        """The same place in another window of time."""
        return replace(self, window=window)

    def with_filter(self, text: str) -> Self:
        """The same place with another text in the filter bar."""
        return replace(self, filter=text)

    def with_page(self, page: str) -> Self:
        """Another page on the same events."""
        return replace(self, page=page, tab="", sort="", descending=True)

    def visit(self, page: str) -> Self:
        """A page about something else: all that narrowed what one looked at is left behind but the window."""
        return replace(self.with_page(page), steps=(), filter="")

    def with_tab(self, tab: str) -> Self:
        """Another part of the same page."""
        return replace(self, tab=tab, sort="", descending=True)

    def with_sort(self, column: str, *, descending: bool) -> Self:
        """The same page in another order."""
        return replace(self, sort=column, descending=descending)
