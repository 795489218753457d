"""What a filter may go on with while it is typed, worked out on a worker."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from inspect_app.filters.completion import Completion, complete
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.jobs import Jobs
from inspect_app.ui.loader import EXPECTED


class CompletionFeed(QObject):
    """Asks about the newest text alone."""

    found = Signal(object)
    """A list of Completion."""
    failed = Signal(object)
    """An exception that nobody expects."""

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs

    def ask(self, text: str, cursor: int, frames: CaptureFrames) -> None:
        """What may stand at a place of a text."""
        self._jobs.start(
            "complete", "Completing", lambda _: complete(text, cursor, frames), self._offer, self._fail
        )

    def _offer(self, found: object) -> None:
        if isinstance(found, list):
            self.found.emit([one for one in found if isinstance(one, Completion)])

    def _fail(self, error: Exception) -> None:
        """What is being typed may be no filter yet; anything else is a crash."""
        if not isinstance(error, EXPECTED):
            self.failed.emit(error)
