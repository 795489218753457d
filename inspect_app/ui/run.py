"""The window as a program: application, theme, and nothing that fails ends in a traceback."""

from __future__ import annotations

import signal
import sys
import traceback
from types import TracebackType

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from inspect_app.ui.plain import plain
from inspect_app.ui.preferences.looks import Looks
from inspect_app.ui.preferences.paths import take_log, take_views
from inspect_app.ui.settings import Settings
from inspect_app.ui.window import MainWindow

SMOKE = "--smoke"
"""Word of the command line: show the window, close it, and leave; a packaged program is tried so."""
_SIGNAL_MS = 250
_SMOKE_MS = 500


def run_window(*paths: str) -> int:
    """Open the window, on a capture or the files of a set where there are, and stay until it is closed."""
    app = QApplication(["exhume-inspect"])
    app.setApplicationName("exhume-inspect")
    app.setApplicationDisplayName("Exhume")
    QGuiApplication.setDesktopFileName("exhume-inspect")
    settings = Settings()
    looks = Looks(settings)
    looks.apply()
    problems = [problem for problem in (take_log(settings), take_views(settings)) if problem]
    window = MainWindow(settings, looks)
    app.styleHints().colorSchemeChanged.connect(lambda *_: looks.apply())
    if problems:
        window.areas.banner.tell(
            plain(f"Of what was chosen, {problems[0]}."), "Correct it in the preferences."
        )
    _catch_failures(window)
    if window.crash_log.gather():
        window.areas.banner.tell(
            "Exhume ended unexpectedly the last time.",
            "What is known of it is in the crash log.",
            "warning",
            [window.actions_by_id["crash_log"]],
        )
    _obey_interrupts(app)
    window.show()
    if paths:
        # After the first paint: a window that stands is worth more than a second saved.
        QTimer.singleShot(0, lambda: window.open_path(*paths))
    if SMOKE in sys.argv:
        QTimer.singleShot(_SMOKE_MS, app.closeAllWindows)
    with window.crash_log.watching():
        return app.exec()


def _catch_failures(window: MainWindow) -> None:
    """A failure in the window becomes a message in it; the traceback is shown only on request."""

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            window.close()
        elif isinstance(error, Exception):
            if sys.flags.dev_mode:
                traceback.print_exception(kind, error, trace)
            try:
                window.tell_failure(error, "This step")
            except Exception:  # noqa: BLE001 - what tells of failures failed itself: the last resort is a terminal
                traceback.print_exception(kind, error, trace)

    sys.excepthook = show


def _obey_interrupts(app: QApplication) -> None:
    """Ctrl+C and SIGTERM close the window: Python looks at signals only while it runs itself."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: app.closeAllWindows())
    timer = QTimer(app, interval=_SIGNAL_MS, timerType=Qt.TimerType.CoarseTimer)
    timer.timeout.connect(lambda: None)
    timer.start()
