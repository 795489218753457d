"""The pages in the middle: which one is shown, and who answers its question."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from inspect_app.analysis.subject import Kind
from inspect_app.cases.noted import Noted
from inspect_app.session import Session
from inspect_app.ui.answers import Answers
from inspect_app.ui.jobs import Jobs
from inspect_app.ui.pages.compare import ComparePage
from inspect_app.ui.pages.events import EventsPage
from inspect_app.ui.pages.findings import FindingsPage
from inspect_app.ui.pages.moment import MomentPage
from inspect_app.ui.pages.notes import NotesPage
from inspect_app.ui.pages.overview import OverviewPage
from inspect_app.ui.pages.page import Page, Question
from inspect_app.ui.pages.pivot import PivotPage
from inspect_app.ui.pages.spectrogram import SpectrogramPage
from inspect_app.ui.pages.streams import StreamsPage
from inspect_app.ui.pages.subject import SubjectPage
from inspect_app.ui.pages.table import TablePage
from inspect_app.ui.pages.tree import TreePage
from inspect_app.ui.scope import Scope
from inspect_app.ui.standpoint import Standpoint
from inspect_app.ui.workspace import (
    COMPARE,
    EVENTS,
    FINDINGS,
    MOMENT,
    NOTES,
    OVERVIEW,
    PIVOT,
    SPECTROGRAM,
    STREAMS,
    TREE,
    page_title,
)
from inspect_app.views.catalogue import VIEWS


class Book(QStackedWidget):
    """A page stays in sight until the next one's answer is there, so that nothing flickers."""

    drill_wanted = Signal(str, str, str)
    filter_wanted = Signal(str)
    page_wanted = Signal(str)
    sorted_by = Signal(str, bool)
    tab_wanted = Signal(str)
    window_wanted = Signal(object)
    pin_toggled = Signal(str)
    note_wanted = Signal(object, bool)
    told = Signal(str)
    failed = Signal(str, str)
    look_wanted = Signal(object)
    export_wanted = Signal(object)
    content_wanted = Signal(int)
    presented = Signal(str)
    """A page shows the answer for the place one is at."""

    def __init__(
        self, jobs: Jobs, failed: Callable[[Exception], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._fail = failed
        self.overview, self.table, self.events = OverviewPage(self), TablePage(self), EventsPage(self)
        self.streams, self.tree, self.subject = StreamsPage(self), TreePage(self), SubjectPage(self)
        self.moment, self.spectrogram = MomentPage(self), SpectrogramPage(self)
        self.pivot, self.compare, self.findings = PivotPage(self), ComparePage(self), FindingsPage(self)
        self.notes = NotesPage(self)
        self._pages: dict[str, Page] = {
            OVERVIEW: self.overview,
            EVENTS: self.events,
            STREAMS: self.streams,
            TREE: self.tree,
            MOMENT: self.moment,
            SPECTROGRAM: self.spectrogram,
            COMPARE: self.compare,
            FINDINGS: self.findings,
            NOTES: self.notes,
            PIVOT: self.pivot,
            **dict.fromkeys((kind.value for kind in Kind), self.subject),
        }
        self._shown: tuple[object, ...] = ()
        self._answers = Answers()
        self._in_pages: dict[Page, object] = {}
        """The answer that each page shows, in sight or not."""
        self._presented: tuple[str, Scope] | None = None
        for page in self._each():
            self.addWidget(page)
            page.drill_wanted.connect(self.drill_wanted)
            page.filter_wanted.connect(self.filter_wanted)
            page.page_wanted.connect(self.page_wanted)
            page.work_wanted.connect(self._work)
            page.told.connect(self.told)
            page.failed.connect(self.failed)
            page.sorted_by.connect(self.sorted_by)
            page.tab_wanted.connect(self.tab_wanted)
            page.window_wanted.connect(self.window_wanted)
            page.look_wanted.connect(self.look_wanted)
            page.note_wanted.connect(self.note_wanted)
            page.export_wanted.connect(self.export_wanted)
            page.content_wanted.connect(self.content_wanted)
        self.overview.pin_toggled.connect(self.pin_toggled)

    @property
    def current(self) -> Page:
        """The page in sight."""
        widget = self.currentWidget()
        assert isinstance(widget, Page)  # noqa: S101 - nothing else was added
        return widget

    def take_focus(self) -> None:
        """Give the keyboard to the page in sight."""
        self.current.take_focus()

    def show_noted(self, noted: Noted) -> None:
        """Other notes are in the case."""
        for page in self._each():
            page.show_noted(noted)

    def forget(self) -> None:
        """Another capture is open: what is shown is of the one before."""
        self._presented = None
        self.ask_again()

    def ask_again(self) -> None:
        """What is shown is shown in another way from here on: the next place asks its question anew."""
        self._shown = ()
        self._answers.clear()
        self._in_pages.clear()

    def show_place(self, scope: Scope, session: Session) -> None:
        """Ask the page's question for a place; the answer of an older question is dropped."""
        # A subject's kind stands for its page, and so do views that bear the same name.
        kind, slash, _ = session.page.partition("/")
        page = self.table if not slash and kind in VIEWS else self._pages.get(kind, self.table)
        view = session.page if session.page in VIEWS else "processes"
        wanted = (session.page, *scope.same)
        if wanted == self._shown:
            if self.current is page:
                page.show_part(session.tab, session.sort, descending=session.descending)
            return
        self._shown = wanted
        if page is self.table:
            question = self.table.question_about(view, session.sort, descending=session.descending)(scope)
            wanted = (*wanted, session.sort, session.descending)
        else:
            question = page.question(scope)

        def present(answer: object) -> None:
            # First its place, so that it knows how wide it is; nothing is painted in between.
            kept = Standpoint.of(page) if self._is_renewed(session.page, scope) else None
            self._presented = (session.page, scope)
            self.setCurrentWidget(page)
            page.column.activate()
            if self._in_pages.get(page) is answer:
                page.scope = scope
            else:
                page.present(scope, answer)
            if page.KEEPS:
                self._in_pages[page] = answer
            page.show_part(session.tab, session.sort, descending=session.descending)
            if kept is not None:
                kept.take()
            else:
                page.take_focus()
            self.presented.emit(session.page)

        def keep(answer: object) -> None:
            if page.KEEPS:
                self._answers.keep(session.page, scope.frames, wanted, answer)
            present(answer)

        def fail(error: Exception) -> None:
            self._shown = ()
            self._fail(error)

        known = self._answers.of(session.page, scope.frames, wanted)
        if known is not None:
            self._jobs.cancel("page")
            present(known)
        else:
            self._jobs.start("page", page_title(session.page), question, keep, fail)

    def _is_renewed(self, page: str, scope: Scope) -> bool:
        """Whether the same page of the same capture is shown, which has only grown."""
        if self._presented is None:
            return False
        before, old = self._presented
        return (
            page == before
            and old.frames is not scope.frames
            and old.frames.path == scope.frames.path
            and old.conditions == scope.conditions
        )

    def _work(self, title: str, work: Question, done: Callable[[object], None]) -> None:
        self._jobs.start(f"work {title}", title, work, done, self._fail)

    def refresh_theme(self) -> None:
        """Draw again what does not follow the palette by itself."""
        for page in self._each():
            page.refresh_theme()

    def _each(self) -> list[Page]:
        return list(dict.fromkeys((*self._pages.values(), self.table)))
