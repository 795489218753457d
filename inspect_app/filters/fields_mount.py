"""Fields of the mounts of the container that an event happened in.

    container.mounts                    all of them
    container.mount[0]                  by position
    container.mount.source[/host/*]     by a pattern of the destination; the others by one of the source

A mount as text is `source:destination:mode:rdwr:propagation`, as Falco writes it.
"""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Mapping
from typing import Any

from inspect_app.filters.cache import remember
from inspect_app.filters.entities import entity_array, entity_text, rows_text
from inspect_app.filters.errors import FilterError
from inspect_app.filters.facets import Facets
from inspect_app.filters.field import Argument, Compute, Field, FieldType
from inspect_app.frames.capture import CaptureFrames

MAX_MOUNTS_TEXT = 8 << 20
"""Characters of all mounts of one container; longer ones are not read."""
PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable")

Row = Mapping[str, Any]


def _options(row: Row) -> list[str]:
    options = row.get("options")
    return [option for option in options if isinstance(option, str)] if isinstance(options, list) else []


def _text_of(row: Row, key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _read_write(row: Row) -> str:
    return "false" if "ro" in _options(row) else "true"


def _propagation(row: Row) -> str:
    return next((option for option in _options(row) if option in PROPAGATIONS), "")


def _whole(row: Row) -> str:
    return ":".join(PARTS[part](row) for part in ("source", "dest", "mode", "rdwr", "propagation"))


PARTS: Mapping[str, Callable[[Row], str]] = {
    "": _whole,
    "source": lambda row: _text_of(row, "source"),
    "dest": lambda row: _text_of(row, "destination"),
    "mode": lambda row: ",".join(option for option in _options(row) if option not in PROPAGATIONS),
    "rdwr": _read_write,
    "propagation": _propagation,
}


def container_mounts(frames: CaptureFrames) -> list[list[Row]]:
    """The mounts of each row of containers."""
    return remember(
        frames, "mounts", lambda: [_read(text) for text in entity_array(frames, "container", "mounts")]
    )


def _read(text: object) -> list[Row]:
    """The mounts of one container; what is no JSON list of objects is none."""
    if not isinstance(text, str) or not text or len(text) > MAX_MOUNTS_TEXT:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _all_mounts(frames: CaptureFrames, _argument: str) -> Facets:
    mounts = container_mounts(frames)
    return (
        rows_text(frames, "container", "mounts", lambda row: ", ".join(map(_whole, mounts[row])) or None),
    )


def _mount(part: str) -> Compute:
    # What a pattern is compared with: the source, or for the source itself the destination.
    compared = PARTS["dest"] if part == "source" else PARTS["source"]

    def compute(frames: CaptureFrames, argument: str) -> Facets:
        mounts = container_mounts(frames)

        def tell(row: int) -> str | None:
            rows = mounts[row]
            if argument.isdecimal():
                chosen = rows[int(argument) : int(argument) + 1]
            else:
                chosen = [mount for mount in rows if _matches(compared(mount), argument)][:1]
            return (PARTS[part](chosen[0]) or None) if chosen else None

        return (rows_text(frames, "container", f"mount {part} {argument}", tell),)

    return compute


def _matches(path: str, pattern: str) -> bool:
    """A star does not reach over a slash, as in a shell."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _any_mount(argument: str) -> FieldType:
    if len(argument) > 1_000 or argument.count("*") > 8:
        raise FilterError("a pattern of mounts is longer than 1,000 characters or has more than 8 stars")
    if argument.isdecimal() and (not argument.isascii() or len(argument) > 6):
        raise FilterError("there is no mount of that number")
    return FieldType.TEXT


def _part_field(part: str, title: str, meaning: str) -> Field:
    name = f"container.mount.{part}" if part else "container.mount"
    which = "its number, or a pattern of its " + ("destination" if part == "source" else "source")
    return Field(name, FieldType.TEXT, title, meaning, _mount(part), Argument.NAME, which, type_of=_any_mount)


MOUNT_FIELDS = (
    Field("container.mounts", FieldType.TEXT, "Mounts", "all its mounts as source:destination:mode:rdwr:propagation", _all_mounts),
    Field("container.mounts.sensitive", FieldType.TEXT, "Host mounts", "mounts that reach into the host, as source:destination:mode",
          lambda frames, _argument: (entity_text(frames, "container", "sensitive_mounts"),)),
    _part_field("", "Mount", "a mount as source:destination:mode:rdwr:propagation"),
    _part_field("source", "Mount source", "what a mount shows"),
    _part_field("dest", "Mount destination", "where a mount is"),
    _part_field("mode", "Mount mode", "options of a mount"),
    _part_field("rdwr", "Mount writable", "true or false: whether a mount may be written to"),
    _part_field("propagation", "Mount propagation", "how a mount passes on what is mounted in it"),
)  # fmt: skip
