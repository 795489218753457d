"""Writing an export: the one way in, for the command line and the window."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

from capture.format.placing import placed
from inspect_app.exports.destination import SIDECAR, Written, refuse_captures, sha256_of
from inspect_app.exports.errors import ExportError
from inspect_app.exports.kinds import KINDS, Kind
from inspect_app.exports.pieces import Progress, silent
from inspect_app.exports.request import Request
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session.examiner_log import note


def export(request: Request, kind: Kind, path: Path, progress: Progress = silent) -> Written:
    """Write a file, and one beside it that tells the source where the form has no place for it.

    Args:
        request: what shall be exported.
        kind: the form.
        path: the file; an older one is replaced once the new one is whole.
        progress: told how far it is; what it raises stops the work and leaves nothing behind.

    Raises:
        ExportError: It cannot be written in this form.
        OSError: The disk.
    """
    refuse_captures(path, captures_of(request.frames))
    with placed(path) as stream:
        notes = write(request, kind, stream, progress)
    if not kind.tells_source:
        with placed(path.with_name(path.name + SIDECAR)) as stream:
            stream.write(json.dumps(request.source.facts(), indent=1).encode() + b"\n")
    written = Written(path, path.stat().st_size, sha256_of(path), notes)
    note(
        "exported",
        to=str(path),
        kind=kind.id,
        bytes=written.size,
        sha256=written.sha256,
        selection=request.source.selection,
    )
    return written


def captures_of(frames: CaptureFrames) -> list[Path]:
    """The files and folders that were read."""
    return [Path(path) for path in dict.fromkeys((frames.path, *frames.recordings["path"]))]


def write(request: Request, kind: Kind, stream: BinaryIO, progress: Progress = silent) -> tuple[str, ...]:
    """Write to a stream; gives what the form could not take, each in a sentence.

    Raises:
        ExportError: It cannot be written in this form.
    """
    if request.table is not None and not kind.takes_views:
        able = " or ".join(one.id for one in KINDS.values() if one.takes_views)
        raise ExportError(f"{kind.title} takes events, not rows of a view; export the view as {able}")
    return kind.write(request, stream, progress)
