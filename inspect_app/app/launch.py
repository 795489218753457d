"""Opening the window: what must be there first, and one clear line where it is not."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

NO_WINDOW = 5
"""Exit code: no such file, nothing to open a window on, or Qt cannot be used."""
_REFERENCES = 200


def open_window(path: str | None) -> int:
    """Open the window and stay until it is closed; gives the exit code."""
    problem = missing_file(path) or missing_display(os.environ, sys.platform) or missing_qt() or broken_qt()
    if problem:
        print(f"exhume-inspect: {problem}", file=sys.stderr)
        return NO_WINDOW
    # Loaded only now: the headless commands shall not wait for Qt.
    from inspect_app.ui.run import run_window  # noqa: PLC0415

    return run_window(path)


def missing_file(path: str | None) -> str:
    """Why nothing can be opened: what looks like a file may be a command mistyped."""
    if path is None or Path(path).exists():
        return ""
    return f"there is no file and no command named {path!r}; `exhume-inspect --help` lists the commands"


def missing_display(environment: Mapping[str, str], platform: str) -> str:
    """Why no window can be opened, empty where one can. Qt would abort the process."""
    if platform in ("win32", "darwin") or environment.get("QT_QPA_PLATFORM"):
        return ""
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return ""
    return (
        "there is no display to open a window on; without one use "
        "`exhume-inspect report FILE -o report.html` or "
        "`exhume-inspect screenshot FILE --page overview -o page.png`"
    )


def missing_qt() -> str:
    """Why Qt cannot be loaded, empty where it is installed."""
    if importlib.util.find_spec("PySide6") is None:
        return "the window needs PySide6: install it with `pip install 'exhume[inspect]'`"
    return ""


def broken_qt() -> str:
    """Why this PySide6 must not be used: 6.12 takes a reference of None at every call before Python 3.12."""
    if sys.version_info >= (3, 12):
        return ""
    from PySide6.QtCore import QObject  # noqa: PLC0415 - only where a window is wanted

    thing, before = QObject(), sys.getrefcount(None)
    for _ in range(_REFERENCES):
        thing.setObjectName("x")
    if before - sys.getrefcount(None) < _REFERENCES // 2:
        return ""
    return (
        "this PySide6 would crash on this Python: install another with "
        "`pip install 'PySide6-Essentials<6.12'`, or use Python 3.12 or newer"
    )
