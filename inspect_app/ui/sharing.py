"""Places handed on: links to copy and paste, and session files to save and open again."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from capture.format.placing import placed
from inspect_app.session import SessionError
from inspect_app.session.document import (
    SCHEME,
    SUFFIX,
    Document,
    Origin,
    from_link,
    origin_of,
    read_file,
    to_file,
    to_link,
)
from inspect_app.session.storage import MAX_FILE
from inspect_app.ui.plain import plain
from inspect_app.ui.workspace import is_page

if TYPE_CHECKING:
    from inspect_app.ui.window import MainWindow

_KINDS = f"Exhume sessions (*{SUFFIX});;All files (*)"


class Sharing:
    """Puts places of a window into links and files, and takes a window to places out of them."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._awaited: Document | None = None

    def copy_link(self) -> None:
        """The place one is at, as a link on the clipboard."""
        document = self._document()
        if document is not None:
            QGuiApplication.clipboard().setText(to_link(document))
            self._window.areas.status.tell(
                "Link copied: a colleague with this capture pastes it with Ctrl+Shift+V"
            )

    def copy_command(self) -> None:
        """The place one is at, as a command line that opens it here."""
        document = self._document()
        if document is not None:
            origin = document.origin
            words = ["exhume-inspect", *(origin.paths or (origin.path,)), to_link(document)]
            QGuiApplication.clipboard().setText(shlex.join(words))
            self._window.areas.status.tell("Command copied: in a terminal it opens a window at this place")

    def paste_link(self) -> None:
        """Go where the link on the clipboard leads."""
        self.follow(QGuiApplication.clipboard().text())

    def follow(self, link: str) -> None:
        """Go where a link leads; a wrong one is told."""
        self._go(lambda: from_link(link), "There is no link to follow", None)

    def await_link(self, link: str) -> None:
        """A capture is being opened: go where a link leads once it is there."""
        try:
            self._awaited = _checked(from_link(link))
        except SessionError as error:
            self._window.areas.banner.tell(f"There is no link to follow: {error}.", "Ask for it again.")

    def ask_for_place_to_save(self) -> None:
        """Let the analyst choose a file for the session."""
        frames = self._window.workspace.frames
        if frames is None:
            return
        suggested = str(Path(frames.path).with_suffix(SUFFIX))
        path, _kind = QFileDialog.getSaveFileName(self._window, "Save the session", suggested, _KINDS)
        if path:
            self.save(Path(path))

    def save(self, path: Path) -> None:
        """Write the place one is at to a file."""
        document = self._document()
        if document is None:
            return
        try:
            with placed(path) as stream:
                stream.write(to_file(document).encode("utf-8"))
        except OSError as error:
            self._window.areas.banner.tell(
                f"Could not write {path}: {error.strerror}.", "Choose another place."
            )
        else:
            self._window.areas.status.tell(f"Session saved as {path.name}")

    def open(self, path: Path) -> None:
        """Go where a session file leads, opening its capture where another one is open."""

        def read() -> Document:
            with path.open("rb") as stream:
                return read_file(stream.read(MAX_FILE + 1))

        self._go(read, f"{plain(path.name)} cannot be opened", path.parent)

    def arrive(self) -> None:
        """A capture has been opened: go to the place for which it was; another capture leaves it waiting."""
        awaited, frames = self._awaited, self._window.workspace.frames
        if awaited is None or frames is None:
            return
        if awaited.origin.is_of(frames):
            self._awaited = None
            self._window.workspace.go(awaited.session)
        else:
            self._window.areas.banner.tell(
                f"The link leads into the capture {plain(awaited.origin.name)}, not into this one.",
                "Open that capture, and the window goes there.",
                "warning",
            )

    def _document(self) -> Document | None:
        workspace = self._window.workspace
        if workspace.frames is None:
            return None
        return Document(workspace.session, origin_of(workspace.frames))

    def _go(self, read: Callable[[], Document], problem: str, folder: Path | None) -> None:
        banner, frames = self._window.areas.banner, self._window.workspace.frames
        try:
            document = _checked(read())
        except (SessionError, OSError) as error:
            banner.tell(f"{problem}: {error}.", "Ask for it again.")
            return
        origin = document.origin
        if frames is not None and origin.is_of(frames):
            self._window.workspace.go(document.session)
            return
        self._awaited = document
        recent = map(Path, self._window.settings.recent_files())
        same_name = [[path] for path in recent if path.name == origin.name]
        for candidate in (*_candidates(origin, folder), *same_name):
            if all(path.exists() for path in candidate):
                self._window.open_path(*map(str, candidate))
                return
        banner.tell(
            f"This leads into the capture {plain(origin.name)}, which is not open.",
            "Open it, and the window goes there.",
        )


def _checked(document: Document) -> Document:
    """The document, if its page is one."""
    page = document.session.page
    if not is_page(page):
        raise SessionError(f"there is no page {plain(page)[:80]!r}")
    return document


def is_link(word: str) -> bool:
    """Whether a word of a command line is a link."""
    return word.startswith(SCHEME)


def is_session(path: str) -> bool:
    """Whether a file is a session, by its name."""
    return path.endswith(SUFFIX)


def _candidates(origin: Origin, folder: Path | None) -> list[list[Path]]:
    """Where the captures of a session file may lie: where they were, or beside the file."""
    there = [Path(path) for path in origin.paths or (origin.path,) if path]
    names = [path.name for path in there] if origin.paths else [Path(origin.name).name]
    beside = [folder / name for name in names if name] if folder is not None else []
    return [paths for paths in (there, beside) if paths]
