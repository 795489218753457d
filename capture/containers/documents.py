"""Reading what runtimes leave on disk, when anyone may have put it there.

A file is read only if it is a regular one of a bounded size, and without ever waiting (a named pipe in its
place would block for ever). What it holds is looked at through functions that give an empty value for
anything of another type than wanted, so that no shape of a document raises. All that can go wrong is one kind
of error.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MAX_DOCUMENT = 4 << 20
"""Bytes; a bundle's config.json is some tens of kilobytes."""
MAX_INDEX = 32 << 20
"""Bytes; the list of all containers of a storage, some kilobytes each."""
MAX_TEXT = 4096
"""Characters kept of any one text."""
MAX_ITEMS = 256
"""Entries kept of any one list or table."""

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?\s*(Z|[+-]\d\d:\d\d)")
_ABSENT = (FileNotFoundError, NotADirectoryError)


class MetadataError(Exception):
    """A file that should tell about a container is not what it should be."""


@contextmanager
def opened(path: Path) -> Iterator[int | None]:
    """Open a regular file without ever waiting; None if there is none.

    Raises:
        MetadataError: something else is there, or it cannot be read; also for errors of the caller's reads.
    """
    try:
        # The file itself is never a link where runtimes put it; the folders above may be.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except _ABSENT:
        yield None
        return
    except (OSError, ValueError) as error:
        raise MetadataError(f"{path} cannot be read: {_reason(error)}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise MetadataError(f"{path} is not a regular file")
        yield descriptor
    except OSError as error:
        raise MetadataError(f"{path} cannot be read: {_reason(error)}") from error
    finally:
        os.close(descriptor)


def read_bytes(path: Path, *, limit: int = MAX_DOCUMENT) -> bytes | None:
    """Read a regular file of at most `limit` bytes; None if there is none.

    Raises:
        MetadataError: something else is there, it is too large, or it cannot be read.
    """
    with opened(path) as descriptor:
        if descriptor is None:
            return None
        with open(descriptor, "rb", closefd=False) as stream:
            content = stream.read(limit + 1)
    if len(content) > limit:
        raise MetadataError(f"{path} is larger than {limit:,} bytes")
    return content


def read_json(path: Path, *, limit: int = MAX_DOCUMENT) -> Any:
    """Read a JSON document; None if there is no such file.

    Raises:
        MetadataError: the file is there, but is not to be read, or not JSON.
    """
    content = read_bytes(path, limit=limit)
    return None if content is None else parse_json(content, str(path))


def read_number(path: Path) -> int | None:
    """Read a file that holds one positive number, such as a pid; None for anything else."""
    try:
        content = (read_bytes(path, limit=64) or b"").strip()
    except MetadataError:
        return None
    return int(content) if content.isdigit() and len(content) < 19 else None


def parse_json(content: bytes | str, origin: str) -> Any:
    """Parse JSON of any origin; MetadataError names the origin."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"{origin} is not JSON that can be read: {_reason(error)}") from error


def names_in(folder: Path, *, limit: int = 4096) -> list[str]:
    """List a folder, sorted; empty if it is none or cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry, _ in zip(entries, range(limit), strict=False))
    except (OSError, ValueError):
        return []


def is_name(value: str) -> bool:
    """Tell whether a text can be one component of a path, and nothing more."""
    return bool(value) and value not in {".", ".."} and "/" not in value and "\0" not in value


def get(document: Any, *keys: str) -> Any:
    """Follow keys into nested objects; None where one is missing."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def text(value: Any) -> str:
    """A text, encodable and bounded; empty for anything else."""
    if not isinstance(value, str):
        return ""
    kept = value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"
    # JSON can spell half of a surrogate pair, which no encoding takes.
    return kept.encode("utf-8", "replace").decode()


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, bounded."""
    return tuple(text(item) for item in items(value) if isinstance(item, str))


def items(value: Any) -> list[Any]:
    """The first entries of a list; empty for anything else."""
    return value[:MAX_ITEMS] if isinstance(value, list) else []


def table(value: Any) -> dict[str, str]:
    """An object of texts, bounded; other values are left out."""
    pairs = value.items() if isinstance(value, dict) else ()
    kept = [(text(key), text(entry)) for key, entry in pairs if isinstance(entry, str)]
    return dict(kept[:MAX_ITEMS])


def integer(value: Any) -> int | None:
    """An integer of 64 bits; None for anything else."""
    fits = isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63
    return value if fits else None


def first(values: Mapping[str, str], *keys: str) -> str:
    """The value of the first key that is there and not empty."""
    return next((values[key] for key in keys if values.get(key)), "")


def nanoseconds(value: Any) -> int | None:
    """Nanoseconds since 1970 of a time written as in RFC 3339; None for anything else."""
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) and len(value) < 64 else None
    if match is None:
        return None
    date, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{'+00:00' if zone == 'Z' else zone}")
        seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
    # Docker writes the year 1 for "never".
    return integer(seconds * 1_000_000_000 + int((fraction or "").ljust(9, "0"))) if seconds > 0 else None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
