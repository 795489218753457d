"""One event in a sentence, and what its time is the time of: what timelines show.

curl[201] openat /etc/curlrc = -2 ENOENT
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inspect_app.exports.columns import number_values, text_codes
from inspect_app.exports.pieces import Line, Looked, Piece, numbers
from inspect_app.filters.facets import NumberFacet, TextFacet
from inspect_app.filters.fields import FIELDS
from inspect_app.frames.capture import CaptureFrames

Change = Callable[[str], str]

_TIMES = {
    "procfork": "Process Created",
    "clone": "Process Created",
    "clone3": "Process Created",
    "execve": "Program Started",
    "execveat": "Program Started",
    "procexec": "Program Started",
    "procexit": "Thread Ended",
    "connect": "Connection Opened",
    "accept": "Connection Accepted",
    "accept4": "Connection Accepted",
    "cgroup_mkdir": "Control Group Created",
    "cgroup_rmdir": "Control Group Removed",
    "module_load": "Kernel Module Loaded",
}
OTHER_TIME = "Call Returned"


def text_piece(frames: CaptureFrames, field: str, change: Change, missing: str = "", head: str = "") -> Piece:
    """A text field that every capture can tell, with `head` before it where it is not missing."""
    facet = FIELDS[field].facets(frames)[0]
    assert isinstance(facet, TextFacet)  # noqa: S101 - the fields asked for are texts
    values = facet.values
    return Looked(text_codes(facet), len(values), lambda code: head + change(str(values[code])), missing)


def number_piece(frames: CaptureFrames, field: str, missing: str = "", head: str = "") -> Piece:
    """A number field likewise."""
    facet = FIELDS[field].facets(frames)[0]
    assert isinstance(facet, NumberFacet)  # noqa: S101 - likewise
    read = number_values(facet)

    def write(rows: np.ndarray) -> np.ndarray:
        values, gone = read(rows)
        texts = head + numbers(values) if head else numbers(values)
        if gone.any():
            texts[gone] = missing
        return texts

    return write


def target_piece(frames: CaptureFrames, change: Change, head: str = "") -> Piece:
    """What the call was about: the path it was given, else the thing behind its descriptor."""
    paths, path = frames.paths, frames.events["path"].to_numpy()
    names, thing = frames.descriptors["name"].to_numpy(object), frames.events["descriptor"].to_numpy()
    total = len(paths)

    def codes(rows: np.ndarray) -> np.ndarray:
        given, behind = path[rows].astype(np.int64), thing[rows].astype(np.int64)
        found: np.ndarray = np.where(given >= 0, given, np.where(behind >= 0, behind + total, -1))
        return found

    def write(code: int) -> str:
        text = str(paths[code] if code < total else names[code - total])
        return head + change(text) if text else ""

    return Looked(codes, total + len(names), write)


def message(frames: CaptureFrames, change: Change) -> Line:
    """The pieces of an event's sentence; `change` makes texts of the capture fit for where it stands."""
    return (
        text_piece(frames, "proc.name", change, "(unknown)"),
        "[",
        number_piece(frames, "proc.pid", "?"),
        "] ",
        text_piece(frames, "evt.type", change),
        target_piece(frames, change, " "),
        text_piece(frames, "evt.abspath.dst", change, head=" -> "),
        number_piece(frames, "evt.rawres", head=" = "),
        text_piece(frames, "evt.res", lambda name: "" if name == "SUCCESS" else f" {name}"),
    )


def time_meaning(frames: CaptureFrames, change: Change = str) -> Piece:
    """What an event's time is the time of."""
    return text_piece(frames, "evt.type", lambda name: change(_TIMES.get(name, OTHER_TIME)), OTHER_TIME)
