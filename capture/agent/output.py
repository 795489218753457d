"""The capture file's end of the pipeline: a thread that compresses and writes, so that a slow disk
does not keep the lanes from being drained."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from capture.agent.backlog import Backlog
from capture.agent.redaction import Redactor
from capture.format import CaptureWriter, EventBatch
from capture.format.columns import Array


class Output:
    """Blocks on their way into the file."""

    def __init__(self, writer: CaptureWriter, redactor: Redactor) -> None:
        """`redactor` masks secrets in all that is written."""
        self.writer = writer
        self._redactor = redactor
        self.failure: OSError | None = None
        """Why nothing more can be written; what was written before is whole."""
        self._backlog = Backlog()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def is_full(self) -> bool:
        """Whether the disk is so far behind that who hands over more has to wait."""
        return self._backlog.is_full

    def events(self, batch: EventBatch) -> None:
        """Write a batch."""
        self._backlog.put(lambda: self.writer.events(self._redactor.batch(batch)), batch.memory)

    def table(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Write a table of the snapshot."""
        self._backlog.put(lambda: self.writer.table(name, self._redactor.rows(name, rows)))

    def document(self, kind: str, document: dict[str, Any], count: int = 0) -> None:
        """Write a document."""
        self._backlog.put(
            lambda: self.writer.document(kind, self._redactor.document(kind, document), count=count)
        )

    def in_its_thread(self, act: Callable[[], None]) -> None:
        """Do something in the thread that writes, after what waits."""
        self._backlog.put(act)

    def counted(self, columns: Mapping[str, Array]) -> None:
        """Write calls that were counted."""
        self._backlog.put(lambda: self.writer.counted(columns))

    def finish(self, totals: Callable[[], dict[str, Any]]) -> None:
        """Write all that waits and the end block, then end the thread."""
        self._backlog.put(lambda: self.writer.end(totals()))
        self._backlog.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            write, size = self._backlog.get()
            if write is None:
                return
            if self.failure is None:
                try:
                    write()
                except OSError as error:
                    self.failure = error
                except Exception as error:  # noqa: BLE001  a writer that ends in silence would lose all that follows
                    self.failure = OSError(None, f"{type(error).__name__}: {error}")
            del write
            self._backlog.done(size)
