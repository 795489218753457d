"""The commands of a case: which file, whose notes are taken in, what is noted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QFileDialog, QInputDialog

from inspect_app.analysis.selection import TimeRange
from inspect_app.cases import Anchor, Facts, Note, Severity, Triage, TriageState
from inspect_app.cases.anchors import moment_anchor, window_anchor
from inspect_app.cases.file import SUFFIX
from inspect_app.cases.noted import Noted
from inspect_app.cases.sightings import of_this
from inspect_app.cases.spots import Spot, spot_of
from inspect_app.ui.marks import Marks, MarkStyle, Shape
from inspect_app.ui.note_dialog import NoteDialog
from inspect_app.ui.plain import plain
from inspect_app.ui.workspace import NOTES
from inspect_app.views.format import format_count, format_duration

if TYPE_CHECKING:
    from inspect_app.ui.window import MainWindow

_KINDS = f"Exhume cases (*{SUFFIX});;All files (*)"
_STYLES = (MarkStyle(Shape.FLAG, "accent"), MarkStyle(Shape.FLAG, "accent", is_filled=False))
_FINDINGS = "Findings (*.json *.jsonl *.csv);;All files (*)"


class CaseMenu:
    """What the window does about its case."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def connect(self) -> None:
        """Pages ask for notes, and show what is in the case."""
        window = self._window
        book, casebook = window.book, window.casebook
        book.note_wanted.connect(self.note_on)
        book.notes.edit_wanted.connect(self.edit)
        book.notes.remove_wanted.connect(lambda key: casebook.change(key, None))
        book.notes.report_toggled.connect(self._toggle_report)
        book.notes.moved.connect(casebook.move)
        book.notes.jump_wanted.connect(self.jump)
        book.findings.judged.connect(lambda finding, state: self.judge(finding, TriageState(state)))
        casebook.changed.connect(self._show)
        casebook.told.connect(window.areas.status.tell)
        casebook.failed.connect(window.areas.banner.tell)

    def new(self) -> None:
        """Begin a case: where, and what it is called."""
        path = self._ask_to_save("Begin a case")
        if path is not None:
            title, sure = QInputDialog.getText(self._window, "Begin a case", "What is the case about?")
            self._window.casebook.new(path, Facts(title=title[:1_000] if sure else ""))

    def open(self) -> None:
        """Another case file."""
        path, _kind = QFileDialog.getOpenFileName(self._window, "Open a case", self._folder(), _KINDS)
        if path:
            self._window.casebook.open(Path(path))

    def save_as(self) -> None:
        """Keep the case elsewhere."""
        path = self._ask_to_save("Save the case as")
        if path is not None:
            self._window.casebook.save_as(path)
            self._tell(f"The case is kept in {plain(path.name)}")

    def merge(self) -> None:
        """Take in another analyst's case."""
        path, _kind = QFileDialog.getOpenFileName(self._window, "Merge a case", self._folder(), _KINDS)
        if path:
            self._window.casebook.merge(Path(path))

    def take_findings(self) -> None:
        """Findings of others as notes."""
        path, _kind = QFileDialog.getOpenFileName(self._window, "Import findings", self._folder(), _FINDINGS)
        if path:
            self._window.casebook.take_findings(Path(path))

    def note_here(self) -> None:
        """A note on what has the focus."""
        anchor = self._window.book.current.anchor()
        if anchor is not None:
            self.note_on(anchor)

    def report_here(self) -> None:
        """What has the focus into the report."""
        anchor = self._window.book.current.anchor()
        if anchor is not None:
            self.note_on(anchor, into_report=True)

    def note_on(self, anchor: Anchor, into_report: bool = False) -> None:
        """A note on a thing; into the report it goes without a question."""
        book = self._window.casebook
        note = Note(anchor)
        if into_report:
            known = next((one for one in book.noted.of_thing(anchor)), None)
            if known is not None and known.note.in_report:
                self._tell("This is in the report already")
            elif known is not None:
                book.change(known.key, replace(known.note, report=book.case.report_end()))
                self._tell("Its note was put into the report")
            else:
                book.add(replace(note, report=book.case.report_end()))
                self._tell(f"Added to the report: {plain(anchor.label or anchor.kind.value)[:80]}")
            return
        dialog = NoteDialog(note, book.case.report_end(), parent=self._window)
        if dialog.exec():
            book.add(dialog.note())
            self._tell(f"Noted in {plain(book.path.name) if book.path else 'the case'}")

    def edit(self, key: str) -> None:
        """A note again."""
        book = self._window.casebook
        shown = next((one for one in book.noted.every if one.key == key), None)
        if shown is None:
            return
        dialog = NoteDialog(shown.note, book.case.report_end(), shown, parent=self._window)
        if dialog.exec():
            book.change(key, dialog.note())

    def judge(self, finding: Anchor, state: TriageState) -> None:
        """What is held of a finding; a dismissal says why."""
        book = self._window.casebook
        reason = ""
        if state is TriageState.DISMISSED:
            before = book.case.triage_of(finding).reason
            reason, sure = QInputDialog.getText(
                self._window, "Dismiss the finding", "Why is this no finding?", text=before
            )
            if not sure:
                return
        book.judge(Triage(finding, state, reason[:10_000]))

    def jump(self, anchor: Anchor) -> None:
        """To a noted thing, where the open capture has it."""
        window = self._window
        frames, book = window.workspace.frames, window.casebook
        if frames is None:
            return
        spot = spot_of(frames, anchor) if anchor.capture in of_this(book.case, frames) else Spot("")
        if not spot.page:
            names = [one.name for one in book.case.captures if one.id == anchor.capture and one.name]
            which = f"It was noted in {plain(names[0])}." if names else "It is of another capture."
            window.areas.banner.tell("What was noted is not in this capture.", which, "warning")
            return
        session = window.workspace.session.visit(spot.page)
        if spot.condition:
            label = plain(anchor.label)[:200] or anchor.kind.value
            session = session.with_page("notes")
            session = session.drill(spot.page, title="Notes", condition=spot.condition, label=label)
        window.workspace.go(session.with_window(spot.window))

    def _show(self) -> None:
        window, noted = self._window, self._window.casebook.noted
        window.book.show_noted(noted)
        window.areas.strip.set_marks("notes", self._marks(noted))
        self.show_actions()

    def show_actions(self) -> None:
        """What can be taken back now."""
        actions, casebook = self._window.actions_by_id, self._window.casebook
        actions["undo"].setEnabled(casebook.can_undo)
        actions["redo"].setEnabled(casebook.can_redo)

    def _toggle_report(self, key: str) -> None:
        book = self._window.casebook
        note = book.case.note(key)
        if note is not None:
            book.change(key, replace(note, report=None if note.in_report else book.case.report_end()))

    def anchor_on_strip(self, moment: int) -> Anchor | None:
        """The chosen window; without one the moment under the pointer."""
        frames, window = self._window.workspace.frames, self._window.areas.strip.window_range
        if frames is None:
            return None
        if window is None:
            return moment_anchor(frames, moment, "moment")
        label = f"window of {format_duration(window[1] - window[0])}"
        return window_anchor(frames, TimeRange(*window), label)

    def _marks(self, noted: Noted) -> Marks:
        """The notes as flags on the strip; those that matter much are filled."""
        timed = [one for one in noted.notes if one.note.on.time_ns is not None]

        def label(place: int) -> str:
            one = timed[place]
            return f"{plain(one.author)}: {plain(one.note.text or one.note.on.label)[:80]}"

        def opened(place: int) -> None:
            self._window.book.notes.keep(timed[place].key)
            self._window.workspace.turn_to(NOTES)

        kinds = np.array([one.note.severity.rank < Severity.HIGH.rank for one in timed], np.int64)
        total = format_count(len(timed), "note")
        return Marks("Notes", total, noted.times, kinds, _STYLES, label, opened)

    def _ask_to_save(self, title: str) -> Path | None:
        frames = self._window.workspace.frames
        suggested = str(Path(frames.path).with_suffix(SUFFIX)) if frames is not None else f"case{SUFFIX}"
        options = QFileDialog.Option.DontConfirmOverwrite
        path, _kind = QFileDialog.getSaveFileName(self._window, title, suggested, _KINDS, options=options)
        return Path(path if path.endswith(SUFFIX) else path + SUFFIX) if path else None

    def _folder(self) -> str:
        path = self._window.casebook.path
        return str(path.parent) if path is not None else ""

    def _tell(self, text: str) -> None:
        self._window.areas.status.tell(text)
