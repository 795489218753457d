"""What a window is told to open: captures and sets, and the sessions, links and cases that lead to them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QFileDialog, QMenu

from inspect_app.cases.file import is_case_file
from inspect_app.frames.capture import CaptureFrames
from inspect_app.ui.chips import shortened
from inspect_app.ui.growth import Sizes, has_grown, load_with_sizes
from inspect_app.ui.jobs import Job
from inspect_app.ui.plain import plain
from inspect_app.ui.sharing import is_link, is_session

if TYPE_CHECKING:
    from inspect_app.ui.window import MainWindow

_SUFFIXES = "Captures and sessions (*.exhume *.exhume-session *.scap *.scap.gz *.scap.zst);;All files (*)"


class Opener:
    """Asks for files, loads them on a worker, and remembers them."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def open(self, path: str, *more: str) -> None:
        """Open a file, the folder of a set, or with `more` the files of one; a link may come last."""
        window = self._window
        if is_link(path):
            window.sharing.follow(path)
        elif is_session(path):
            window.sharing.open(Path(path))
        elif is_case_file(path):
            window.casebook.open(Path(path))
        elif more and is_link(more[-1]):
            window.sharing.await_link(more[-1])
            self._load((path, *more[:-1]))
        else:
            self._load((path, *more))

    def ask_for_file(self) -> None:
        """Let the analyst choose a file, or the files of a set."""
        paths, _kind = QFileDialog.getOpenFileNames(
            self._window, "Open a capture", self._last_folder(), _SUFFIXES
        )
        if paths:
            self.open(*paths)

    def ask_for_folder(self) -> None:
        """Let the analyst choose the folder of a set."""
        path = QFileDialog.getExistingDirectory(self._window, "Open the folder of a set", self._last_folder())
        if path:
            self.open(path)

    def open_sample(self) -> None:
        """The incident that comes with Exhume: something to look at before one has a capture."""
        self.open(str(resources.files("resources") / "samples" / "incident.exhume"))

    def fill_recent(self, menu: QMenu) -> None:
        """List what was opened last."""
        menu.clear()
        for path in self._window.settings.recent_files():
            action = menu.addAction(shortened(path, 70).replace("&", "&&"))
            action.triggered.connect(lambda *_, path=path: self.open(path))
        menu.setEnabled(True)

    def _load(self, paths: Sequence[str]) -> None:
        """What is open stays until the new capture is there."""
        window, name = self._window, Path(paths[0]).name
        window.areas.banner.hide()
        window.jobs.start(
            "load",
            f"Opening {name}",
            lambda job: _loaded(paths, job),
            lambda found: self._show(paths, found),
            lambda error: window.tell_failure(error, f"Opening {plain(name)}"),
        )

    def _show(self, paths: Sequence[str], found: object) -> None:
        sizes, frames, grows = cast(tuple[Sizes, CaptureFrames, bool], found)
        if len(paths) == 1:
            self._window.settings.add_recent(paths[0])
        self._window.open_frames(frames, paths, sizes, grows=grows)

    def _last_folder(self) -> str:
        recent = self._window.settings.recent_files()
        return str(Path(recent[0]).parent) if recent else ""


def _loaded(paths: Sequence[str], job: Job) -> object:
    sizes, frames = load_with_sizes(paths, job)
    return sizes, frames, frames.state.state == "cut short" and has_grown(sizes)
