"""Following a capture that is still being written: its events as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from capture.cli.lines import EventLines
from capture.format import CaptureFile, FormatError

_POLL_S = 0.25
_SHARE = 3
"""Names are found anew each time; so long as that takes, three times as long is waited."""


def follow(path: Path, show: Callable[[EventLines, Sequence[int]], None]) -> CaptureFile:
    """Show the events of a file, and those that are appended, until its end block is there.

    What comes late is shown late.

    Raises:
        FormatError: Not a capture, or it became shorter.
        OSError: It cannot be read.
    """
    capture = _opened(path)
    shown = 0
    while True:
        began = time.monotonic()
        if capture.count > shown:
            show(EventLines(capture), capture.rows_since(shown).tolist())
            shown = capture.count
        if capture.ending is not None:
            return capture
        time.sleep(max(_POLL_S, _SHARE * (time.monotonic() - began)))
        capture.grow()


def _opened(path: Path) -> CaptureFile:
    """The file, once its first block is there."""
    while True:
        try:
            return CaptureFile.open(path)
        except FormatError:
            if path.stat().st_size:
                raise
            time.sleep(_POLL_S)
