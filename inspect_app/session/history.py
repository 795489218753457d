"""The way that led here: back and forward, as in a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from inspect_app.session.session import Session

MAX_PAST = 500
"""Places that one can go back to; the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class History:
    """Where the analyst was, is, and came back from."""

    current: Session = field(default_factory=Session)
    past: tuple[Session, ...] = ()
    """The last one is the nearest."""
    future: tuple[Session, ...] = ()
    """The first one is the nearest."""

    def push(self, session: Session) -> Self:
        """Go to a new place; what one had come back from is forgotten. The same place changes nothing."""
        if session == self.current:
            return self
        return type(self)(session, (*self.past, self.current)[-MAX_PAST:])

    def each(self, change: Callable[[Session], Session]) -> Self:
        """The same way with every place on it changed."""
        return type(self)(
            change(self.current), tuple(map(change, self.past)), tuple(map(change, self.future))
        )

    def back(self) -> Self:
        """Where one was before; at the beginning, the same."""
        if not self.past:
            return self
        return type(self)(self.past[-1], self.past[:-1], (self.current, *self.future))

    def forward(self) -> Self:
        """Where one came back from; at the end, the same."""
        if not self.future:
            return self
        return type(self)(self.future[0], (*self.past, self.current), self.future[1:])
