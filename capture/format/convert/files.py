"""Converting files: what the capture says of the file that it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from capture.format.convert.converting import Conversion, convert
from capture.format.convert.source import is_scap
from capture.format.reader import refuse_devices

CONVERTER = 3
"""Raised when the same file would become another capture."""
_PIECE = 1 << 20


def is_foreign(path: Path) -> bool:
    """Whether a path is a file of another recorder that can be converted.

    Raises:
        FormatError: It is a device or a pipe.
        OSError: It is not there, or cannot be read.
    """
    refuse_devices(path)
    if path.is_dir():
        return False
    with path.open("rb") as stream:
        return is_scap(stream)


def digest_of(stream: BinaryIO) -> str:
    """SHA-256 of a file, as hexadecimal digits; the stream is at its start afterwards."""
    digest = hashlib.sha256()
    stream.seek(0)
    while piece := stream.read(_PIECE):
        digest.update(piece)
    stream.seek(0)
    return digest.hexdigest()


def convert_file(
    path: Path,
    output: BinaryIO,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Conversion:
    """Write a .scap file as a capture, which names the file, its size and its digest.

    Raises:
        FormatError, OSError, Cancelled: As `convert` does.
    """
    refuse_devices(path)
    with path.open("rb") as stream:
        digest = digest_of(stream)
        size = stream.seek(0, 2)
        facts = {"from": "scap", "file": _plain(path.name), "size": size, "sha256": digest}
        told = {"converted": {**facts, "converter": CONVERTER}}
        return convert(stream, output, facts=told, progress=progress, cancelled=cancelled)


def _plain(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()
