"""Windows for tests: without a display, in one font and theme, and nothing left behind."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_SCALE_FACTOR"] = "1"
os.environ["QT_FONT_DPI"] = "96"

import threading

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QTimer
from pytestqt.qtbot import QtBot

from inspect_app.session.crash_log import CrashLog
from inspect_app.ui.fonts import use_bundled_fonts
from inspect_app.ui.settings import Settings
from inspect_app.ui.theme import ThemeName, apply_theme
from inspect_app.ui.window import MainWindow
from tests.builders.frames import build_frames

pytestmark = pytest.mark.ui
_PATIENCE_MS = 60_000
"""What never comes is waited for as long; what comes late on a busy machine has come all the same."""
_HARMLESS = ("This plugin does not support",)
"""What the displayless platform says of things that only a screen has."""


@pytest.fixture(scope="session")
def frames():
    """One node and three containers in two seconds; nobody changes it."""
    return build_frames()


@pytest.fixture(scope="session")
def many():
    """The same story again and again: a million events."""
    return build_frames(1_000_000)


@pytest.fixture(autouse=True)
def look(qapp):
    """The bundled font and the dark theme, whatever the test before chose."""
    use_bundled_fonts(qapp)
    apply_theme(qapp, ThemeName.DARK)


@pytest.fixture(autouse=True)
def nothing_left(qtlog):
    """Fail a test that leaves a worker or a Qt warning behind."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("exhume")]
    assert not left, f"workers left running: {left}"
    said = [record.message for record in qtlog.records]
    assert not [text for text in said if not any(part in text for part in _HARMLESS)]


class PatientBot(QtBot):
    """Plays the analyst, on a machine that may have much else to do."""

    def waitUntil(self, callback, *, timeout=_PATIENCE_MS):
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal, *, timeout=_PATIENCE_MS, **options):
        return super().waitSignal(signal, timeout=timeout, **options)


@pytest.fixture
def qtbot(qapp, request):
    """A bot that is patient."""
    return PatientBot(request)


@pytest.fixture
def settings(tmp_path):
    """A settings file of its own."""
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def window(qtbot, settings, tmp_path):
    """An empty window, shown; closed at the end, when none of its timers may still run."""
    shown = MainWindow(settings)
    shown.crash_log = CrashLog(tmp_path / "logs")
    qtbot.addWidget(shown)
    shown.resize(1280, 800)
    shown.show()
    qtbot.waitExposed(shown)
    yield shown
    shown.close()
    running = [timer.parent() for timer in shown.findChildren(QTimer) if timer.isActive()]
    assert not running, f"timers left running: {running}"


@pytest.fixture
def settle(qtbot):
    """Waits until everything a window began has come to its end."""

    def wait(window, timeout=_PATIENCE_MS):
        qtbot.waitUntil(lambda: not window.jobs.busy(), timeout=timeout)
        # What was throttled begins now.
        qtbot.wait(60)
        qtbot.waitUntil(lambda: not window.jobs.busy(), timeout=timeout)

    return wait


@pytest.fixture
def opened(window, frames, settle):
    """A window on the story."""
    window.open_frames(frames)
    settle(window)
    return window
