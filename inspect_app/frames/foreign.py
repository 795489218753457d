"""Captures of other recorders: converted once, and kept in the user's cache under their digest."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from platformdirs import user_cache_path

from capture.format import files_of, recordings_of
from capture.format.convert import CONVERTER, convert_file, digest_of, is_foreign

Progress = Callable[[int, int], None]

ENDINGS = (".exhume", ".scap", ".scap.gz", ".scap.zst")
"""How the names of captures end that are taken up from a folder."""
_KEPT = 16
"""Converted files that stay in the cache; the ones that were opened last."""


def readable(path: Path, progress: Progress, cancelled: Callable[[], bool]) -> Path:
    """The capture to read for a path: the path itself, or what a .scap file was converted to.

    Raises:
        FormatError: A .scap file of which nothing can be converted.
        OSError: It cannot be read, or the cache cannot be written.
        Cancelled: `cancelled` said so.
    """
    if not is_foreign(path):
        return path
    with path.open("rb") as stream:
        digest = digest_of(stream)
    folder = cache_folder()
    converted = folder / f"{digest}-{CONVERTER}.exhume"
    if converted.exists():
        # How long ago it was used is told by the time of its last change.
        converted.touch()
    else:
        _convert(path, converted, progress, cancelled)
        _forget_the_oldest(folder)
    return converted


def as_captures(paths: Sequence[Path]) -> list[Path]:
    """Captures as files of ours, for what reads files rather than frames. Raises as `readable` does."""
    return [readable(path, lambda done, total: None, lambda: False) for path in paths]


def recordings_among(paths: Sequence[Path]) -> list[list[Path]]:
    """The files of each recording among files and folders, to open one recording after another.

    Raises:
        FormatError: A folder without captures.
        OSError: One cannot be read, or the cache cannot be written.
    """
    files = files_of(paths, ENDINGS)
    names = dict(zip(as_captures(files), files, strict=True))
    return [[names[one] for one in recording] for recording in recordings_of(list(names))]


def cache_folder() -> Path:
    """Where converted captures are, made where it is missing; nobody else may look into it."""
    folder = user_cache_path("exhume") / "converted"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _convert(path: Path, converted: Path, progress: Progress, cancelled: Callable[[], bool]) -> None:
    descriptor, name = tempfile.mkstemp(dir=converted.parent, suffix=".part")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as output:
            convert_file(path, output, progress=progress, cancelled=cancelled)
        unfinished.replace(converted)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _forget_the_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.exhume"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in kept[_KEPT:]:
        file.unlink(missing_ok=True)
