"""Pages as pictures, without a display: the same capture gives the same picture on every machine."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from inspect_app.cases import Note
from inspect_app.frames.capture import CaptureFrames, FileState

PAGES = (
    "overview", "processes", "threads", "containers", "files", "connections", "syscalls", "errors",
    "commands", "events", "streams", "tree", "moment", "spectrogram", "compare", "findings", "notes",
)  # fmt: skip
OWN_PAGES = ("overview", "events", "streams", "tree", "moment", "spectrogram", "compare", "findings", "notes")
"""Those of them that are no views."""
ADDRESSED = ("process", "container", "file", "connection", "moment", "compare", "pivot")
"""Pages that are about something: `container/web-7f9c`, `process/812`."""
THEMES = ("dark", "light")
_LIMIT_S = 120.0


class ScreenshotError(Exception):
    """The page could not be drawn; says why and what helps."""


def render_page(  # noqa: PLR0917  what a picture is of, in the order of the command line
    path: str | Path | Sequence[str | Path],
    page: str,
    out: str | Path,
    size: tuple[int, int] = (1440, 900),
    theme: str = "dark",
    condition: str = "",
) -> FileState:
    """Draw one page of a capture into a PNG file; gives the state of the file that was opened.

    Args:
        path: The capture; or the files of a set, or their folder.
        page: One of `PAGES`, or any other view.
        out: The file to write.
        size: Width and height in pixels.
        theme: `dark` or `light`.
        condition: A filter that the page is narrowed to; nothing for all events.

    Raises:
        ScreenshotError: The capture cannot be opened, the page does not exist, or the file cannot be written.
    """
    with Studio(size, theme) as studio:
        studio.open(path)
        if condition:
            studio.narrow(condition)
        studio.picture(page, out)
        return studio.state


class Studio:
    """A window without a display, from which several pictures can be taken."""

    def __init__(self, size: tuple[int, int] = (1440, 900), theme: str = "dark") -> None:
        # Before Qt is loaded: it reads these once.
        if not os.environ.get("QT_QPA_PLATFORM"):
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        os.environ.setdefault("QT_SCALE_FACTOR", "1")
        os.environ.setdefault("QT_FONT_DPI", "96")
        # Qt stays out of this module's imports so that asking for the names of pages costs nothing.
        from inspect_app.ui.stage import Stage  # noqa: PLC0415

        # Figures and names look the same wherever they are drawn; a system without this locale keeps its own.
        with suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, "C.UTF-8" if sys.platform == "linux" else "C")
        self._stage = Stage(size, theme)

    def open(self, path: str | Path | Sequence[str | Path]) -> None:
        """Open a capture and wait until its overview stands."""
        paths = [path] if isinstance(path, str | Path) else path
        problem = self._stage.open([str(one) for one in paths], _LIMIT_S)
        if problem:
            raise ScreenshotError(problem)

    def narrow(self, condition: str) -> None:
        """Narrow the next pictures to what a filter selects."""
        self._stage.narrow(condition, _LIMIT_S)

    def picture(self, page: str, out: str | Path) -> None:
        """Go to a page and write what the window looks like."""
        problem = self._stage.picture(page, str(out), _LIMIT_S)
        if problem:
            raise ScreenshotError(problem)

    def grab(self, out: str | Path) -> None:
        """Write what is shown, without going anywhere."""
        problem = self._stage.grab(str(out))
        if problem:
            raise ScreenshotError(problem)

    def look_at(self, window: tuple[int, int] | None) -> None:
        """Choose a time window (ns since 1970 UTC) for the next pictures, or none."""
        self._stage.look_at(window, _LIMIT_S)

    def write_notes(self, notes: Sequence[Note]) -> None:
        """Note something, in a case that is forgotten with the window."""
        self._stage.write_notes(notes, _LIMIT_S)

    @property
    def frames(self) -> CaptureFrames:
        """The open capture. Raises ScreenshotError where none is."""
        frames = self._stage.window.workspace.frames
        if frames is None:
            raise ScreenshotError("no capture is open")
        return frames

    @property
    def state(self) -> FileState:
        """Whether the open capture is whole."""
        frames = self._stage.window.workspace.frames
        return frames.state if frames is not None else FileState("", "nothing is open")

    def change(self, size: tuple[int, int], theme: str) -> None:
        """Another size and theme for the next pictures."""
        self._stage.change(size, theme)

    def close(self) -> None:
        """End the workers."""
        self._stage.close()

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
