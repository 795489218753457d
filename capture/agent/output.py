"""The capture file's end of the pipeline: a thread that compresses and writes, so that a slow disk
does not keep the lanes from being drained."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

from capture.agent.redaction import Redactor
from capture.format import CaptureWriter, EventBatch
from capture.format.columns import Array

_MOST_WAITING = 64
"""Batches that may wait for the disk; beyond it draining waits too, and the kernel counts what is lost."""


class Output:
    """Blocks on their way into the file."""

    def __init__(self, writer: CaptureWriter, redactor: Redactor) -> None:
        """`redactor` masks secrets in all that is written."""
        self.writer = writer
        self._redactor = redactor
        self.failure: OSError | None = None
        """Why nothing more can be written; what was written before is whole."""
        self._queue: queue.Queue[Callable[[], None] | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def events(self, batch: EventBatch) -> None:
        """Write a batch."""
        self._queue.put(lambda: self.writer.events(self._redactor.batch(batch)))

    def table(self, name: str, rows: list[dict[str, Any]]) -> None:
        """Write a table of the snapshot."""
        self._queue.put(lambda: self.writer.table(name, self._redactor.rows(name, rows)))

    def document(self, kind: str, document: dict[str, Any], count: int = 0) -> None:
        """Write a document."""
        self._queue.put(
            lambda: self.writer.document(kind, self._redactor.document(kind, document), count=count)
        )

    def in_its_thread(self, act: Callable[[], None]) -> None:
        """Do something in the thread that writes, after what waits."""
        self._queue.put(act)

    def counted(self, columns: Mapping[str, Array]) -> None:
        """Write calls that were counted."""
        self._queue.put(lambda: self.writer.counted(columns))

    def finish(self, totals: Callable[[], dict[str, Any]]) -> None:
        """Write all that waits and the end block, then end the thread."""
        self._queue.put(lambda: self.writer.end(totals()))
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (write := self._queue.get()) is not None:
            if self.failure is None:
                try:
                    write()
                except OSError as error:
                    self.failure = error
                except Exception as error:  # noqa: BLE001  a writer that ends in silence would lose all that follows
                    self.failure = OSError(None, f"{type(error).__name__}: {error}")
