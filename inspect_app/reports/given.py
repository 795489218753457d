"""What a report tells besides the capture, read from where it lies."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspect_app.session.examiner_log import LogError, read_log

_PIECE = 1 << 20
MAX_LINES = 200_000
"""Of an examiner's log."""


def digests_of(files: Sequence[Path]) -> list[tuple[str, str]]:
    """Name and SHA-256 of each file, as `sha256sum` tells it. Raises OSError where one cannot be read."""
    return [(path.name, _digest(path)) for path in files]


def log_of(path: Path) -> tuple[list[dict[str, Any]], str]:
    """The lines of an examiner's log up to the first that is not as it was written, and what is wrong there.

    Raises:
        OSError: It cannot be read.
    """
    lines = list[dict[str, Any]]()
    try:
        for line in read_log(path):
            if len(lines) >= MAX_LINES:
                return lines, f"it has more than {MAX_LINES:,} lines"
            lines.append(line)
    except LogError as error:
        return lines, str(error)
    return lines, ""


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
