"""The file of a program in words: for the detail of an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from capture.identity.snapshot import text_of
from capture.model.program_file import ProgramFlag, set_id_bits
from capture.model.text import printable
from inspect_app.analysis.moments import moment_text
from inspect_app.frames.capture import CaptureFrames

_LIMIT = 4_096
_MEANINGS: tuple[tuple[ProgramFlag, str], ...] = (
    (ProgramFlag.UPPER, "in the container's own layer: written or changed since it was made from its image"),
    (ProgramFlag.LOWER, "as it lies in the image"),
    (ProgramFlag.MEMFD, "in memory alone"),
    (ProgramFlag.UNLINKED, "had no name any more when it was begun"),
)


def program_file_items(frames: CaptureFrames, image: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was recorded of the file that a row of the images was begun from, and of its environment."""
    items = _script_items(image) if image["script"] else []
    flags, mode = int(image["exe_flags"]), int(image["exe_mode"])
    if flags < 0:
        return items
    special = [meaning for flag, meaning in _MEANINGS if flags & flag]
    if set_id := set_id_bits(mode) if mode >= 0 else "":
        special.append(f"{set_id}: runs with the rights of its owner {image['exe_uid']}:{image['exe_gid']}")
    if image["exe_capabilities"]:
        special.append(f"has file capabilities ({printable(image['exe_capabilities'], _LIMIT)})")
    owner = f"owner {image['exe_uid']}:{image['exe_gid']}" + (f", mode {mode:07o}" if mode >= 0 else "")
    items.append(("File", f"{int(image['exe_size']):,} bytes, {owner}"))
    items.append(("Written", moment_text(int(image["exe_mtime"]))))
    items.append(("Changed", moment_text(int(image["exe_ctime"]))))
    if special:
        items.append(("Notable", "; ".join(special)))
    digest = printable(image["sha256"], _LIMIT) or printable(image["exe_note"], _LIMIT) or "not hashed"
    items.append(("SHA-256", digest))
    if image["sha256"] and image["exe_note"]:
        items.append(("Digest", printable(image["exe_note"], _LIMIT)))
    return items + _environment_items(frames, int(image["environment"]))


def _script_items(image: Mapping[str, Any]) -> list[tuple[str, str]]:
    items = [("Script", printable(image["script"], _LIMIT))]
    digest, note = (printable(image[name], _LIMIT) for name in ("script_sha256", "script_note"))
    if digest or note:
        items.append(("Script SHA-256", digest or note))
    return items + ([("Script digest", note)] if digest and note else [])


def _environment_items(frames: CaptureFrames, position: int) -> list[tuple[str, str]]:
    if position < 0:
        return []
    words = frames.environments[position].removesuffix(b"\0").split(b"\0")
    return [("Environment", printable(" ".join(map(text_of, words)), _LIMIT) or "empty")]
