"""What is told of files that were written, and which files none are written over."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from capture.format import files_of
from inspect_app.exports.errors import ExportError
from inspect_app.frames.foreign import ENDINGS

SIDECAR = ".source.json"
"""Behind the name of an export that has no place for its source."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written."""

    path: Path
    size: int
    sha256: str
    notes: tuple[str, ...] = ()
    """What the form could not take, each in a sentence."""


def sha256_of(path: Path) -> str:
    """The digest of a file, read a piece at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def refuse_captures(path: Path, captures: Sequence[Path]) -> None:
    """Captures are evidence: nothing is written over one.

    Raises:
        ExportError: The path is one of the captures.
    """
    there = [one for one in captures if one.exists()]
    if path.exists() and there and any(map(path.samefile, files_of(there, ENDINGS))):
        raise ExportError(f"{path} is the capture itself; name another file")
