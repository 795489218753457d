"""Where exports go: a file that is there whole or not at all, readable by its owner alone."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from capture.format import files_of
from inspect_app.exports.errors import ExportError
from inspect_app.frames.foreign import ENDINGS

SIDECAR = ".source.json"
"""Behind the name of an export that has no place for its source."""
_PREFIX = ".export-"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written."""

    path: Path
    size: int
    sha256: str
    notes: tuple[str, ...] = ()
    """What the form could not take, each in a sentence."""


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write into, which takes the place of an older one once it is whole.

    Raises:
        OSError: It cannot be made, or something else than a file is there; what was there stays.
    """
    if path.exists() and not path.is_file():
        # Of a device or a pipe nothing may be left but itself, whatever the user may do.
        raise OSError(errno.EINVAL, "this is no file; - writes to standard output", str(path))
    path = path.resolve()
    name = ""
    try:
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, dir=path.parent)
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        Path(name).replace(path)
    except BaseException as error:
        if name:
            Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError) and _PREFIX in str(error.filename or _PREFIX):
            # Whoever asked knows the file by its own name.
            error.filename, error.filename2 = str(path), None
        raise


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
