"""Of which recordings a capture is, and what was done to their clocks, in words."""

from __future__ import annotations

from typing import Any

from inspect_app.analysis.moments import distance_text, moment_text
from inspect_app.frames.capture import CaptureFrames

MOVED = "times moved by"
"""How a clock that was put right is told."""
_MICROSECOND = 1_000
_MOST = 64
"""Recordings that are told of one by one."""


def recordings_told(frames: CaptureFrames) -> tuple[tuple[str, str], ...]:
    """Title and text of each recording, where there are several; of copies that were left out, too."""
    rows = frames.recordings.to_dict("records")
    told = [("Recording", _told(frames, row)) for row in rows[:_MOST]] if len(rows) > 1 else []
    if len(rows) > _MOST:
        told.append(("Recordings", f"{len(rows) - _MOST:,} more"))
    copies = frames.host.get("copies")
    if isinstance(copies, int) and copies:
        files = "1 file is" if copies == 1 else f"{copies:,} files are"
        told.append(("Copies", f"{files} a copy of another that was given, and counted once"))
    return tuple(told)


def _told(frames: CaptureFrames, row: dict[Any, Any]) -> str:
    host = str(frames.hosts["hostname"].iat[int(row["host"])]) or "a host that is not named"
    parts = [
        f"{_file(str(row['path']))} of {host}, {moment_text(int(row['started']), digits=0)} to "
        f"{moment_text(int(row['ended']), digits=0)}, {int(row['events']):,} events",
        _clock(int(row["correction"]), int(row["drift"])),
    ]
    if row["left_out"]:
        parts.append(f"{int(row['left_out']):,} events are left out, for another recording has told them")
    if row["state"] != "whole":
        parts.append(str(row["state"]))
    return "; ".join(parts)


def _clock(correction: int, drift: int) -> str:
    whose = f"{MOVED} {distance_text(correction)} to the clock of the first recording of this boot"
    told = whose if correction else "times by its host's clock"
    off = f", which went off by {distance_text(drift)} meanwhile" if abs(drift) >= _MICROSECOND else ""
    return told + off


def _file(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]
