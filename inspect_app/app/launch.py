"""Opening the window: what must be there first, and one clear line where it is not.

Qt aborts the process where it finds no display or lacks a library; so both are looked at before.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

NO_WINDOW = 5
"""Exit code: no such file, nothing to open a window on, or Qt cannot be used."""
_REFERENCES = 200
_X_PORT = 6_000
_TIMEOUT_S = 2.0
_XCB_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""What Qt's X11 platform loads, and the Debian packages they come from."""
_QT_PACKAGES = "libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1"
_WITHOUT = (
    "without a display use `exhume-inspect report FILE -o report.html` or "
    "`exhume-inspect screenshot FILE --page overview -o page.png`"
)


def open_window(*paths: str) -> int:
    """Open the window and stay until it is closed; gives the exit code."""
    problem = "".join(map(missing_file, paths)) or missing_display(os.environ, sys.platform) or unusable_qt()
    if problem:
        print(f"exhume-inspect: {problem}", file=sys.stderr)
        return NO_WINDOW
    # Loaded only now: the headless commands shall not wait for Qt.
    from inspect_app.ui.run import run_window  # noqa: PLC0415

    return run_window(*paths)


def missing_file(path: str) -> str:
    """Why nothing can be opened: what looks like a file may be a command mistyped."""
    if Path(path).exists() or path.startswith("exhume:"):
        return ""
    return f"there is no file and no command named {path!r}; `exhume-inspect --help` lists the commands"


def missing_display(environment: Mapping[str, str], platform: str) -> str:
    """Why no window can be opened, empty where one can."""
    if platform in ("win32", "darwin") or environment.get("QT_QPA_PLATFORM") not in (None, "", "xcb"):
        return ""
    if environment.get("WAYLAND_DISPLAY") and environment.get("QT_QPA_PLATFORM") != "xcb":
        return ""
    display = environment.get("DISPLAY", "")
    if not display:
        return f"there is no display to open a window on; {_WITHOUT}"
    if not _answers(display):
        return f"the display {display} does not answer; {_WITHOUT}"
    missing = [package for library, package in _XCB_LIBRARIES.items() if not _is_loadable(library)]
    return f"Qt needs libraries that are not there: apt install {' '.join(missing)}" if missing else ""


def unusable_qt() -> str:
    """Why Qt cannot be used, empty where it can."""
    if importlib.util.find_spec("PySide6") is None:
        return "the window needs PySide6: install it with `pip install 'exhume[inspect]'`"
    try:
        importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        return f"Qt cannot be loaded ({error}): apt install {_QT_PACKAGES}"
    return broken_qt()


def broken_qt() -> str:
    """Why this PySide6 must not be used: 6.12 takes a reference of None at every call before Python 3.12."""
    if sys.version_info >= (3, 12):
        return ""
    from PySide6.QtCore import QObject  # noqa: PLC0415 - only where Qt is wanted

    thing, before = QObject(), sys.getrefcount(None)
    for _ in range(_REFERENCES):
        thing.setObjectName("x")
    if before - sys.getrefcount(None) < _REFERENCES // 2:
        return ""
    return (
        "this PySide6 would crash on this Python: install another with "
        "`pip install 'PySide6-Essentials<6.12'`, or use Python 3.12 or newer"
    )


def _answers(display: str) -> bool:
    """Whether an X server listens at `[host]:number[.screen]`."""
    found = re.fullmatch(r"(?:unix)?(?P<host>[^:]*):(?P<number>\d{1,5})(?:\.\d+)?", display)
    if found is None:
        # A form that only X knows; let it try.
        return True
    number = int(found["number"])
    if found["host"]:
        return _connects(socket.AF_INET, (found["host"], _X_PORT + number))
    place = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where X servers listen everywhere
    return _connects(socket.AF_UNIX, f"\0{place}") or _connects(socket.AF_UNIX, place)


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as line:
            line.settimeout(_TIMEOUT_S)
            line.connect(address)
    except OSError:
        return False
    return True


def _is_loadable(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
