"""The capture file's end of the pipeline: a thread that compresses and writes, so that a slow disk
does not keep the lanes from being drained. It also turns from one file to the next, between two blocks."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from capture.agent.backlog import Backlog
from capture.agent.files import CaptureFiles
from capture.agent.unwritten import Unwritten
from capture.evidence.redaction import Redactor
from capture.format import IN_PROGRESS_BLOCK, EventBatch
from capture.format.coding import Array

_POLL_S = 0.1
"""How often who waits for a file's end looks whether it can still come."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a recorder has to say when one file ends and the next begins; asked by the writer's thread."""

    in_progress: Callable[[int], EventBatch]
    """The calls that had not returned at a time since boot."""
    totals: Callable[[], dict[str, Any]]
    """What the end block tells."""
    facts: Callable[[], dict[str, Any]]
    """What the next section tells."""
    notes: Sequence[str]
    """What each file has to say of itself."""
    begun: Callable[[int], None]
    """The next file has begun: it holds what returned after that time since boot."""
    say: Callable[[str], None]
    """Tells the user."""


class Output:
    """Blocks on their way into the file."""

    def __init__(self, files: CaptureFiles, redactor: Redactor, turn: Turn) -> None:
        """`redactor` masks secrets in all that is written."""
        self.files = files
        self._redactor = redactor
        self.failure: OSError | None = None
        """Why nothing more can be written; what was written before is whole."""
        self.ending = ""
        """Why the recording should be ended in order, empty while it can go on."""
        self._turn = turn
        self._may_turn = files.rotation.rotates
        self._stands_alone = False
        """Whether the file has its snapshot: none ends before."""
        self._obstacle = ""
        """Why the next file could not be made, as told."""
        self._asked: list[tuple[int, threading.Event]] = []
        """Who waits for the file to end that holds all up to a time."""
        self._unwritten = Unwritten()
        self._told_of_removal = ""
        self._backlog = Backlog()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def is_full(self) -> bool:
        """Whether the disk is so far behind that who hands over more has to wait."""
        return self._backlog.is_full

    def events(self, batch: EventBatch, until_boot_ns: int) -> None:
        """Write a batch of all that returned by then and is not written yet; a file may end behind it."""
        self._backlog.put(lambda: self._write_or_count(batch, until_boot_ns), batch.memory)

    def in_progress(self, batch: EventBatch) -> None:
        """Write the calls that had not returned when the recording ended."""
        self._later(lambda: self.files.writer.events(batch, name=IN_PROGRESS_BLOCK))

    def table(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Write a table of the snapshot."""
        self._later(lambda: self.files.writer.table(name, self._redactor.rows(name, rows)))

    def snapshot_is_whole(self) -> None:
        """All tables of the file's snapshot have been handed over."""
        self._later(self._mark_whole)

    def document(self, kind: str, document: dict[str, Any], count: int = 0) -> None:
        """Write a document."""
        self._later(
            lambda: self.files.writer.document(kind, self._redactor.document(kind, document), count=count)
        )

    def in_its_thread(self, act: Callable[[], None]) -> None:
        """Do something in the thread that writes, after what waits."""
        self._backlog.put(act)

    def counted(self, columns: Mapping[str, Array]) -> None:
        """Write calls that were counted."""
        self._later(lambda: self.files.writer.counted(columns))

    def samples(self, columns: Mapping[str, Array]) -> None:
        """Write samples of processes."""
        self._later(lambda: self.files.writer.samples(columns))

    def counters(self, rows: list[dict[str, Any]]) -> None:
        """Write an interval's losses."""

        def write() -> None:
            self.files.writer.document("counters", {"rows": rows}, count=len(rows))
            self.files.tally(rows)

        def write_or_keep() -> None:
            self._attempt(write)
            if self.failure is not None:
                self._unwritten.add_counters(rows)

        self._backlog.put(write_or_keep)

    def ends_file_after(self, boot_ns: int) -> bool:
        """Wait until the file has ended that holds all up to then; False: the recording has ended."""
        ended = threading.Event()
        self._asked.append((boot_ns, ended))
        while not ended.wait(_POLL_S):
            if not self._may_turn or self.failure is not None:
                return False
        return True

    def stay(self) -> None:
        """Turn to no other file from here on; returns when that is so."""
        self._may_turn = False
        passed = threading.Event()
        self._backlog.put(passed.set)
        passed.wait()

    def finish(self) -> None:
        """Write all that waits and the end block, then end the thread."""
        self._backlog.put(self._end)
        self._backlog.put(None)
        self._thread.join()

    # The writer's thread.

    def _later(self, write: Callable[[], None], size: int = 0) -> None:
        self._backlog.put(lambda: self._attempt(write), size)

    def _run(self) -> None:
        while True:
            step, size = self._backlog.get()
            if step is None:
                return
            step()
            del step
            self._backlog.done(size)

    def _attempt(self, write: Callable[[], None]) -> None:
        if self.failure is None:
            try:
                write()
            except OSError as error:
                self.failure = error
            except Exception as error:  # noqa: BLE001  a writer that ends in silence would lose all that follows
                self.failure = OSError(None, f"{type(error).__name__}: {error}")

    def _write_or_count(self, batch: EventBatch, until_boot_ns: int) -> None:
        # The file may end behind the batch, and its writer with it.
        writer, before = self.files.writer, self.files.writer.events_written
        self._attempt(lambda: self._write_events(batch, until_boot_ns))
        if self.failure is not None:
            self._unwritten.add(batch, writer.events_written - before)

    def _end(self) -> None:
        self._attempt(self._see_that_it_is_there)
        if self.failure is None and self.files.is_removed:
            self.failure = OSError(
                errno.ESTALE, "it was removed and could not be put back: all of it is lost"
            )
        failure = self.failure
        if failure is None:
            self._attempt(lambda: self.files.writer.end(self._turn.totals()))
            self._list_files(complete=True)
            return
        # A block that found no room was taken back: there may be some for what is still to be said.
        with suppress(OSError):
            if rows := self._unwritten.rows():
                self.files.writer.document("counters", {"rows": rows}, count=len(rows))
            reason = failure.strerror or str(failure)
            self.files.writer.end({**self._turn.totals(), "reason": reason})
        self._list_files(complete=True)

    def _list_files(self, *, complete: bool) -> None:
        """Write the manifest of the set; a recording goes on without it."""
        try:
            self.files.list_files(complete=complete)
        except OSError as error:
            self._turn.say(f"the manifest of the set cannot be written: {error.strerror}")

    def _see_that_it_is_there(self) -> None:
        """Put the file back if somebody has removed it; what had been recorded is still there."""
        try:
            told = self.files.restore()
        except OSError as error:
            told = f"it cannot be put back ({error.strerror}): make its folder again, or all is lost"
        if told and told != self._told_of_removal:
            self._turn.say(f"{self.files.path} was removed while it was being written; {told}")
            text = f"the file was removed while it was being written; {told}"
            self.files.writer.document("note", {"text": text})
        self._told_of_removal = told

    def _write_events(self, batch: EventBatch, until_boot_ns: int) -> None:
        self._see_that_it_is_there()
        if told := self.files.look_after():
            self.files.writer.document("note", {"text": told})
            self._turn.say(told)
        self.files.writer.events(self._redactor.batch(batch))
        self.ending = self.ending or self.files.make_room()
        self.files.drop_old()
        asked = any(boot_ns <= until_boot_ns for boot_ns, _ in self._asked)
        if self._may_turn and self._stands_alone and not self.ending and (asked or self.files.is_due()):
            self._turn_over(until_boot_ns)

    def _mark_whole(self) -> None:
        self._stands_alone = True

    def _turn_over(self, until_boot_ns: int) -> None:
        """End the file and begin the next one; nothing that returned by then is still to come."""
        try:
            path, stream = self.files.open_next()
        except OSError as error:
            why = f"the next file, {error.filename}, cannot be made: {error.strerror}"
            if why != self._obstacle:
                self._obstacle = why
                self.files.writer.document("note", {"text": f"{why}; the recording went on in this one"})
                self._turn.say(f"{why}; the recording goes on in {self.files.path}: make its folder writable")
            return
        try:
            self.files.writer.events(self._turn.in_progress(until_boot_ns), name=IN_PROGRESS_BLOCK)
            self.files.writer.end(self._turn.totals())
            self.files.advance(path, stream)
            self.files.begin(self._turn.facts(), self._turn.notes)
        except OSError:
            # What is there is whole; a file without its first block would only be taken for a damaged one.
            path.unlink(missing_ok=True)
            raise
        self._stands_alone = False
        self.files.drop_old()
        self._list_files(complete=False)
        self._turn.begun(until_boot_ns)
        for request in [request for request in self._asked if request[0] <= until_boot_ns]:
            self._asked.remove(request)
            request[1].set()
