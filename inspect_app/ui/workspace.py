"""Which capture is open and where in it the analyst is; every move goes through here."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from inspect_app.analysis.selection import TimeRange
from inspect_app.analysis.subject import Subject, label_of, subject_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session import History, Session, Step
from inspect_app.session.look import Look
from inspect_app.ui.chips import ChipText, Crumb, shortened
from inspect_app.ui.plain import plain
from inspect_app.ui.scope import Scope, span_of
from inspect_app.views.catalogue import VIEWS
from inspect_app.views.format import format_duration, format_relative

OVERVIEW, EVENTS, STREAMS, TREE = "overview", "events", "streams", "tree"
MOMENT, SPECTROGRAM, COMPARE, PIVOT = "moment", "spectrogram", "compare", "pivot"
FINDINGS, NOTES = "findings", "notes"
PAGE_TITLES = {
    OVERVIEW: "Overview",
    EVENTS: "Events",
    STREAMS: "I/O streams",
    TREE: "Process tree",
    FINDINGS: "Findings",
    NOTES: "Notes",
    MOMENT: "State at a moment",
    SPECTROGRAM: "Latency over time",
    COMPARE: "Compare",
}
"""The pages that are no views."""
_OF_EVERYTHING = (MOMENT, COMPARE, NOTES)
"""Pages that no subject narrows."""


class Workspace(QObject):
    """The open capture and the history of places in it."""

    opened = Signal()
    """Another capture is open."""
    renewed = Signal()
    """The same capture was read again, at the same place: it has grown."""
    moved = Signal()
    """Another place, window or filter."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.frames: CaptureFrames | None = None
        self.look = Look()
        self.history = History()
        self._live: Session | None = None

    @property
    def session(self) -> Session:
        """Where the analyst is, while a window is dragged also between places."""
        return self._live or self.history.current

    def open(self, frames: CaptureFrames) -> None:
        """Begin at the overview of a capture."""
        self.frames = frames
        self.history, self._live = History(), None
        self.opened.emit()
        self.moved.emit()

    def renew(self, frames: CaptureFrames) -> None:
        """Stay where one is in a capture that has grown; a window that ended at its end goes on with it."""
        if self.frames is None:
            return
        end, new_end = span_of(self.frames)[1], span_of(frames)[1]

        def carried(session: Session) -> Session:
            window = session.window
            if window is None or window.end_ns < end:
                return session
            return session.with_window(TimeRange(window.start_ns, max(window.start_ns, new_end)))

        self.frames = frames
        self.history = self.history.each(carried)
        self._live = carried(self._live) if self._live is not None else None
        self.renewed.emit()

    def scope(self) -> Scope | None:
        """What the pages look at; None while nothing is open."""
        if self.frames is None:
            return None
        session = self.session
        return Scope(self.frames, session.window, session.conditions(), self.key(), session.page, self.look)

    def key(self) -> str:
        """What the last step chose a row of, empty for the whole capture."""
        steps = self.session.steps
        view = VIEWS.get(steps[-1].view_id) if steps else None
        return view.key if view is not None else ""

    def go(self, session: Session) -> None:
        """Another place, to which one can come back."""
        self._live = None
        self.history = self.history.push(session)
        self.moved.emit()

    def turn_to(self, page: str) -> None:
        """Another page on what one looks at; from a page about a subject, on that subject."""
        session, subject = self.session, subject_of(self.session.page)
        kind = page.partition("/")[0]
        if subject_of(page) is not None or kind == PIVOT:
            self.go(session.visit(page))
        elif subject is not None and kind not in _OF_EVERYTHING and subject.condition():
            self.drill(page, subject.condition(), self._label(subject))
        else:
            self.go(session.with_page(page))

    def drill(self, page: str, condition: str, label: str) -> None:
        """Open a page on the rows that meet a condition; without one, just the page."""
        session = self.session
        if condition.strip():
            subject = subject_of(session.page)
            title = subject.kind.value.capitalize() if subject is not None else page_title(session.page)
            self.go(session.drill(page, title=title, condition=condition, label=label))
        else:
            self.go(session.with_page(page))

    def add_filter(self, condition: str) -> None:
        """Narrow the filter by one more condition."""
        before = self.session.filter.strip()
        joined = f"{_grouped(before)} and {_grouped(condition)}" if before else condition
        self.go(self.session.with_filter(joined))

    def set_window(self, window: tuple[int, int] | None, *, final: bool) -> None:
        """Another time window; what is not final leaves no place in the history."""
        session = self.session.with_window(TimeRange(*window) if window is not None else None)
        if final:
            self.go(session)
        elif session != self.session:
            self._live = session
            self.moved.emit()

    def back(self) -> None:
        """To where one was before."""
        self._travel(self.history.back())

    def forward(self) -> None:
        """To where one came back from."""
        self._travel(self.history.forward())

    def up(self) -> None:
        """Out of the last step; from a subject's page, to where one was; from the top, to the overview."""
        session = self.session
        if not session.steps and "/" in session.page and self.history.past:
            self.back()
        else:
            self.go(session.up() if session.steps else session.with_page(OVERVIEW))

    def crumbs(self) -> list[Crumb]:
        """The way from the overview to here."""
        steps = list(self.session.steps)
        first = steps.pop(0) if steps and steps[0].view_id == OVERVIEW else None
        crumbs = [Crumb(PAGE_TITLES[OVERVIEW], first.label if first is not None else "")]
        crumbs += [Crumb(step.title, step.label) for step in steps]
        if self.session.page != OVERVIEW or self.session.steps:
            crumbs.append(Crumb(self.title()))
        return crumbs

    def title(self) -> str:
        """What people call the page that is shown."""
        subject = subject_of(self.session.page)
        if subject is None:
            return page_title(self.session.page)
        return f"{subject.kind.value.capitalize()} {shortened(self._label(subject))}"

    def _label(self, subject: Subject) -> str:
        return plain(label_of(self.frames, subject)) if self.frames is not None else subject.name

    def go_to_crumb(self, position: int) -> None:
        """Back to a step of the way; the first is the overview of everything."""
        session = self.session
        if position == 0:
            top = session.up_to(0) if session.steps else session
            self.go(top.with_page(OVERVIEW))
        else:
            past_overview = bool(session.steps) and session.steps[0].view_id == OVERVIEW
            self.go(session.up_to(position if past_overview else position - 1))

    def chips(self) -> list[ChipText]:
        """Everything that narrows the selection."""
        session, chips = self.session, []
        if session.window is not None and self.frames is not None:
            chips.append(ChipText("window", "time", *_window_texts(session.window, self.scope())))
        for place, step in enumerate(session.steps):
            chips.append(ChipText(f"step:{place}", _kind(step), step.label, step.condition))
        if session.filter.strip():
            chips.append(ChipText("filter", "filter", session.filter.strip(), session.filter))
        return chips

    def remove_chip(self, chip: str) -> None:
        """Widen the selection by what a chip stood for."""
        if chip == "window":
            self.go(self.session.with_window(None))
        elif chip == "filter":
            self.go(self.session.with_filter(""))
        else:
            self.go(self.session.without_step(int(chip.partition(":")[2])))

    def _travel(self, history: History) -> None:
        if history is not self.history or self._live is not None:
            self.history, self._live = history, None
            self.moved.emit()


def page_title(page: str) -> str:
    """What people call a page or view; of a subject, its kind."""
    kind, slash, name = page.partition("/")
    if slash and kind == PIVOT:
        return f"Where is {shortened(plain(name))}?"
    view = VIEWS.get(kind)
    return view.title if view is not None else PAGE_TITLES.get(kind, plain(kind.capitalize()))


def is_page(page: str) -> bool:
    """Whether there is such a page: a view, one of the window's own, or a subject's."""
    kind, slash, name = page.partition("/")
    if not slash:
        return page in VIEWS or page in PAGE_TITLES
    return subject_of(page) is not None or (bool(name) and kind in (MOMENT, COMPARE, PIVOT))


def _kind(step: Step) -> str:
    return "selected" if step.view_id == OVERVIEW else step.title.lower()


def _grouped(condition: str) -> str:
    return f"({condition})" if " or " in condition else condition


def _window_texts(window: TimeRange, scope: Scope | None) -> tuple[str, str]:
    zero = scope.zero if scope is not None else 0
    digits = max(3, min(9, 12 - len(str(max(1, window.duration_ns)))))
    start = format_relative(window.start_ns - zero, digits=digits)
    return (
        f"{start}  for {format_duration(window.duration_ns)}",
        f"{window.start_ns} to {window.end_ns} ns since 1970",
    )
