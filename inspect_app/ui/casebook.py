"""The case of a window: what is noted is in its file a moment later, and what others note there comes back.

A capture that is opened brings the case that was used for it last, or one that lies beside it under its name,
or one in the settings' folder that begins with the first note. A case that the analyst opened stays until
another is. Each change is written at once on a worker; what could not be written is tried again, and when the
window closes.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal

from inspect_app.cases import Anchor, Case, CaseError, CaseFile, Facts, Note, Triage
from inspect_app.cases.case import THE_CASE, By, key_of, moved_in_report, new_key
from inspect_app.cases.file import SUFFIX
from inspect_app.cases.imports import MAX_BYTES, imported
from inspect_app.cases.noted import Noted, noted
from inspect_app.cases.sightings import sighting_of
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session.examiner_log import note as log
from inspect_app.ui.jobs import Jobs
from inspect_app.ui.plain import plain
from inspect_app.ui.settings import Settings

_LOOK_MS = 2_000
_MOST_UNDONE = 200
_Step = tuple[str, str, object]
"""Shelf, key, and what stood there before; None: nothing."""


class CaseBook(QObject):
    """Holds the case, writes it, and knows what of it is on the open capture."""

    changed = Signal()
    """The case, or what of it is on the capture, is another one."""
    told = Signal(str)
    failed = Signal(str, str)

    def __init__(self, jobs: Jobs, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._settings = jobs, settings
        self.case, self.noted = Case(), Noted()
        self._file: CaseFile | None = None
        self._frames: CaptureFrames | None = None
        self._chosen = self._dirty = self._refused = False
        self._undone: list[_Step] = []
        self._done: list[_Step] = []
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def path(self) -> Path | None:
        """The case file; it may not be there yet."""
        return self._file.path if self._file is not None else None

    @property
    def by(self) -> By:
        """Who writes, now."""
        return By(self.case.about.examiner or _login(), time.time_ns())

    @property
    def can_undo(self) -> bool:
        """Whether something was noted here that can be taken back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether something was taken back."""
        return bool(self._undone)

    # Which case.

    def attach(self, frames: CaptureFrames) -> None:
        """Another capture is open, or the same one has grown."""
        other = self._frames is None or sighting_of(self._frames).id != sighting_of(frames).id
        self._frames = frames
        if other and not self._chosen:
            self._use(self._path_for(frames))
        else:
            self._renew()

    def new(self, path: Path, facts: Facts) -> None:
        """Begin a case."""
        self.open(path)
        self._tell("facts", THE_CASE, facts)

    def open(self, path: Path) -> None:
        """Take another case file; one that is not there yet is begun."""
        self._chosen = True
        self._use(path)

    def save_as(self, path: Path) -> None:
        """Keep the case elsewhere from now on; what is there already is merged."""
        case, self._chosen = self.case, True
        self._file, self._dirty = CaseFile(path), True
        self._remember()
        self._set(case)

    def merge(self, path: Path) -> None:
        """Take in another analyst's case file."""

        def done(found: object) -> None:
            other = cast(Case, found)
            before, disputes = len(self.case.shown_notes()), len(self.case.disputes())
            self._dirty = True
            try:
                self._set(self.case.merged(other))
            except CaseError as error:
                self.failed.emit(f"{plain(path.name)}: {error}.", "Nothing was merged.")
                return
            log("case merged", file=str(path))
            told = f"{len(self.case.shown_notes()) - before:,} notes more from {plain(path.name)}"
            more = len(self.case.disputes()) - disputes
            self.told.emit(
                told + (f"; {more:,} were changed by both and wait for a decision" if more else "")
            )

        self._jobs.start(
            "case merge",
            "Merging a case",
            lambda _: _existing(path),
            done,
            lambda error: self._fail(error, path),
        )

    def take_findings(self, path: Path) -> None:
        """Import findings of others as notes."""
        capture = sighting_of(self._frames).id if self._frames is not None else ""
        by = self.by

        def work(_job: object) -> object:
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
            return imported(Case(), data, path.name, by, capture)[0]

        def done(found: object) -> None:
            new = {
                key: record for key, record in cast(Case, found).notes.items() if key not in self.case.notes
            }
            self._dirty = True
            self._set(self.case.merged(Case(notes=new)))
            log("findings imported", file=str(path), notes=len(new))
            self.told.emit(f"{len(new):,} new notes out of {plain(path.name)}")

        self._jobs.start(
            "case merge", "Importing findings", work, done, lambda error: self._fail(error, path)
        )

    # What is noted.

    def add(self, note: Note) -> str:
        """A new note; gives its key."""
        key = new_key()
        self._tell("notes", key, note)
        return key

    def change(self, key: str, note: Note | None) -> None:
        """Another text of a note; None takes it away."""
        self._tell("notes", key, note)

    def judge(self, triage: Triage) -> None:
        """What is held of a finding."""
        self._tell("triage", key_of(triage.on), triage)

    def move(self, key: str, to: int) -> None:
        """A note to another place of the report, from 0."""
        before = self.case
        self._attempt(lambda: moved_in_report(self.case, key, to, self.by))
        for other, record in self.case.notes.items():
            old = before.notes.get(other)
            if old is not record and old is not None:
                self._done.append(("notes", other, old.value))

    def undo(self) -> None:
        """Take the last change back."""
        self._step(self._done, self._undone)

    def redo(self) -> None:
        """Do again what was taken back."""
        self._step(self._undone, self._done)

    def finish(self) -> None:
        """The window closes: nothing may stay unwritten."""
        self._timer.stop()
        if self._dirty and self._file is not None:
            try:
                self._file.save(self._with_capture())
                self._dirty = False
            except (CaseError, OSError) as error:
                self._fail(error, self._file.path)

    def notes_on(self, anchor: Anchor) -> tuple[str, ...]:
        """The keys of notes on a thing."""
        return tuple(one.key for one in self.noted.of_thing(anchor))

    def _tell(self, shelf: str, key: str, value: object) -> None:
        record = getattr(self.case, shelf).get(key)
        before = record.value if record is not None else None
        if self._attempt(lambda: self.case.told(shelf, key, value, self.by)):
            self._done = [*self._done[-_MOST_UNDONE:], (shelf, key, before)]
            self._undone.clear()

    def _step(self, source: list[_Step], other: list[_Step]) -> None:
        if source:
            shelf, key, value = source.pop()
            record = getattr(self.case, shelf).get(key)
            other.append((shelf, key, record.value if record is not None else None))
            self._attempt(lambda: self.case.told(shelf, key, value, self.by))

    def _attempt(self, change: Callable[[], Case]) -> bool:
        try:
            case = change()
        except CaseError as error:
            self.failed.emit(f"This cannot be noted: {error}.", "Nothing was changed.")
            return False
        if case is not self.case:
            self._dirty = True
            self._set(case)
        return True

    # Files.

    def _use(self, path: Path) -> None:
        self.finish()
        self._file, self._dirty, self._refused = CaseFile(path), False, False
        self._done.clear()
        self._undone.clear()
        self._set(Case())
        if path.exists():
            log("case opened", file=str(path))
            self._read()
        self._remember()

    def _read(self) -> None:
        file = self._file
        if file is None:
            return

        def done(found: object) -> None:
            if file is self._file:
                self._set(self.case.merged(cast(Case, found)))

        def fail(error: Exception) -> None:
            self._refused = True
            self._fail(error, file.path)

        self._jobs.start("case", "Reading the case", lambda _: file.load(), done, fail, quiet=True)

    def _set(self, case: Case) -> None:
        self.case = case
        if self._dirty:
            self._save()
        self._renew()

    def _renew(self) -> None:
        case, frames = self.case, self._frames
        if frames is None:
            return
        self._timer.start()

        def show(found: object) -> None:
            self.noted = cast(Noted, found)
            self.changed.emit()

        def fail(error: Exception) -> None:
            self.failed.emit(f"Notes cannot be shown: {plain(str(error))}.", "They are kept all the same.")

        self._jobs.start(
            "case view", "Finding noted things", lambda _: noted(case, frames), show, fail, quiet=True
        )

    def _save(self) -> None:
        file, case = self._file, self._with_capture()
        if file is None:
            return

        def done(found: object) -> None:
            if file is not self._file:
                return
            merged = cast(Case, found)
            self._dirty = self._refused = False
            if merged != self.case:
                self.case = merged
                self._renew()

        def fail(error: Exception) -> None:
            if not self._refused:
                self._refused = True
                self._fail(error, file.path)

        self._jobs.start("case", "Saving the case", lambda _: file.save(case), done, fail, quiet=True)

    def _look(self) -> None:
        """Write what is not written yet; read what somebody else wrote."""
        if self._file is None or self._jobs.has("case"):
            return
        if self._dirty:
            self._save()
        elif self._file.has_changed and not self._refused:
            self._read()

    def _with_capture(self) -> Case:
        return self.case if self._frames is None else self.case.with_capture(sighting_of(self._frames))

    def _path_for(self, frames: CaptureFrames) -> Path:
        seen = sighting_of(frames)
        remembered = self._settings.case_of(seen.id)
        beside = Path(frames.path).with_suffix(SUFFIX)
        for path in (Path(remembered) if remembered else None, beside):
            if path is not None and path.is_file():
                return path
        name = "".join(char if char.isalnum() or char in "-_." else "_" for char in seen.name)[:60]
        return self._settings.folder("cases") / f"{name}-{key_of(seen.id)[:8]}{SUFFIX}"

    def _remember(self) -> None:
        if self._frames is not None and self._file is not None:
            self._settings.set_case_of(sighting_of(self._frames).id, str(self._file.path.absolute()))

    def _fail(self, error: Exception, path: Path) -> None:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self.failed.emit(
            f"The case file {plain(path.name)}: {plain(reason.removeprefix(f'{path.name}: '))}.",
            "What is noted stays in this window; save the case elsewhere (File, Save the case as).",
        )


def _existing(path: Path) -> Case:
    path.stat()
    return CaseFile(path).load()


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
