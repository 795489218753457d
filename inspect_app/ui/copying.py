"""To the clipboard and to files; each tells what it did."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QGuiApplication

from capture.format.placing import placed
from inspect_app.session.examiner_log import note


class Copier:
    """Hands things over."""

    def __init__(self, told: Callable[[str], None], failed: Callable[[str, str], None]) -> None:
        self._told = told
        self._failed = failed

    def copy(self, text: str, told: str = "Copied") -> None:
        """Put a text on the clipboard."""
        QGuiApplication.clipboard().setText(text)
        self._told(told)

    def save(self, path: Path, data: bytes) -> None:
        """Write a file."""
        try:
            with placed(path) as stream:
                stream.write(data)
            note("exported", to=str(path), bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        except OSError as error:
            self._failed(f"Could not write {path}: {error.strerror}.", "Choose another place.")
        else:
            self._told(f"Saved {path}")
