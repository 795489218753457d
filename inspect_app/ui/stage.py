"""The window set up for pictures: bundled fonts, a fixed size, nothing remembered."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QEventLoop,
    QMessageLogContext,
    QSettings,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from inspect_app.cases import Facts, Note
from inspect_app.cases.file import SUFFIX
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.fonts import use_bundled_fonts
from inspect_app.ui.settings import Settings
from inspect_app.ui.theme import ThemeName, apply_theme
from inspect_app.ui.window import MainWindow
from inspect_app.ui.workspace import PAGE_TITLES, is_page
from inspect_app.views.catalogue import VIEWS

_QUIET_S = 0.08
"""Nothing runs and nothing is about to: longer than the strip's throttle."""


class Stage:
    """Owns the application where there is none yet."""

    def __init__(self, size: tuple[int, int], theme: str) -> None:
        qInstallMessageHandler(_pass_on)
        known = QApplication.instance()
        self._app = known if isinstance(known, QApplication) else QApplication(["exhume-inspect"])
        use_bundled_fonts(self._app)
        self._folder = tempfile.TemporaryDirectory(prefix="exhume-")
        store = QSettings(str(Path(self._folder.name) / "settings.ini"), QSettings.Format.IniFormat)
        apply_theme(self._app, ThemeName(theme))
        self.window = MainWindow(Settings(store))
        self.change(size, theme)
        self.window.show()

    def open(self, paths: Sequence[str], limit_s: float) -> str:
        """Open a capture, or the files of a set; what went wrong, or nothing."""
        self.window.open_path(*paths)
        self.settle(limit_s)
        return "" if self.window.workspace.frames is not None else self.window.areas.banner.text

    def open_frames(self, frames: CaptureFrames, limit_s: float = 60.0) -> None:
        """Show a capture that is loaded already."""
        self.window.open_frames(frames)
        self.settle(limit_s)

    def narrow(self, condition: str, limit_s: float) -> None:
        """Set the filter."""
        workspace = self.window.workspace
        workspace.go(workspace.session.with_filter(condition))
        self.settle(limit_s)

    def look_at(self, window: tuple[int, int] | None, limit_s: float) -> None:
        """Choose a time window, or none."""
        self.window.workspace.set_window(window, final=True)
        self.settle(limit_s)

    def write_notes(self, notes: Sequence[Note], limit_s: float) -> None:
        """Notes of nobody in particular, in a case that is forgotten."""
        casebook = self.window.casebook
        casebook.new(Path(self._folder.name) / f"case{SUFFIX}", Facts(examiner="analyst"))
        for note in notes:
            casebook.add(note)
        self.settle(limit_s)

    def picture(self, page: str, out: str, limit_s: float) -> str:
        """Write a page to a file; what went wrong, or nothing."""
        if not is_page(page):
            return f"there is no page {page!r}; there are {', '.join((*PAGE_TITLES, *VIEWS))}"
        workspace = self.window.workspace
        workspace.turn_to(page)
        if not self.settle(limit_s):
            return f"drawing {page} took longer than {limit_s:.0f} s"
        return self.grab(out)

    def grab(self, out: str) -> str:
        """Write what is shown to a file; what went wrong, or nothing."""
        self.window.setFocus()
        if not self.window.grab().save(out):
            return f"could not write {out}: choose a file name that ends in .png in a folder that exists"
        return ""

    def change(self, size: tuple[int, int], theme: str) -> None:
        """Another size and theme."""
        apply_theme(self._app, ThemeName(theme))
        self.window.resize(*size)
        self.settle(5.0)

    def settle(self, limit_s: float) -> bool:
        """Let everything that was begun come to its end; whether it did in time."""
        end = time.monotonic() + limit_s
        quiet_since = time.monotonic()
        while time.monotonic() < end:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            if self.window.jobs.busy():
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > _QUIET_S:
                return True
            time.sleep(0.002)
        return False

    def close(self) -> None:
        """End the workers and forget what was remembered."""
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self._folder.cleanup()
        qInstallMessageHandler(None)


def _pass_on(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Qt's words to standard error, without what its displayless platform always complains of."""
    if "propagateSizeHints" not in message:
        print(message, file=sys.stderr)
