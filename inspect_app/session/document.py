"""A place in a capture as a document: kept as a session file, or handed to a colleague as a link.

    document  ::=  a stored session (see `storage`) with
                   "capture": {"name": …, "path": …, "boot_id": …, "started_ns": …, "paths": [several only …]}
    file      ::=  document
    link      ::=  ("exhume://place/" | "exhume:") document, percent-encoded, without the path

A link says nothing of where the capture lies: a colleague has it elsewhere. Both may come from strangers, so
what is wrong with one is a `SessionError`, whatever it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from inspect_app.filters.errors import FilterError
from inspect_app.frames.capture import CaptureFrames
from inspect_app.session.session import Session
from inspect_app.session.storage import MAX_FILE, SessionError, from_json, to_json

SCHEME = "exhume:"
"""How every link begins, also those of earlier versions, in which the document follows at once."""
LINK = f"{SCHEME}//place/"
"""How links are written: whatever opens addresses of the web takes these, too."""
SUFFIX = ".exhume-session"
MAX_LINK = 256 << 10
"""Characters of a link."""
_MAX_TEXT = 8_192
MAX_FILES = 512
"""Captures that a session is of."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Which capture a place is in."""

    name: str
    """Its file's name, for people."""
    path: str = ""
    """Where it lay; empty in a link."""
    boot_id: str = ""
    """The recorded machine's boot, empty not recorded."""
    started_ns: int = -1
    """When the recording began, nanoseconds since 1970 UTC; -1 not recorded."""
    paths: tuple[str, ...] = ()
    """Of several captures that were opened as one, where each lay; empty in a link."""

    def is_of(self, frames: CaptureFrames) -> bool:
        """Whether this is that recording, whatever its name; by the name where nothing else is known."""
        other = origin_of(frames)
        if self.started_ns < 0 or other.started_ns < 0:
            return self.name == other.name
        return (self.boot_id, self.started_ns) == (other.boot_id, other.started_ns)


@dataclass(frozen=True, slots=True)
class Document:
    """A place, and the capture that it is in."""

    session: Session
    origin: Origin


def origin_of(frames: CaptureFrames) -> Origin:
    """What tells a capture from others."""
    boot, started = frames.host.get("boot_id"), frames.host.get("started_ns")
    return Origin(
        name=frames.path.replace("\\", "/").rpartition("/")[2],
        path=frames.path,
        boot_id=boot if isinstance(boot, str) else "",
        started_ns=started if type(started) is int else -1,
        paths=tuple(frames.recordings["path"].tolist()) if len(frames.recordings) > 1 else (),
    )


def to_file(document: Document) -> str:
    """The document as the text of a session file."""
    origin = document.origin
    told = json.loads(to_json(document.session)) | {
        "capture": {
            "name": origin.name,
            "path": origin.path,
            "boot_id": origin.boot_id,
            "started_ns": origin.started_ns,
            **({"paths": list(origin.paths)} if origin.paths else {}),
        }
    }
    return json.dumps(told, indent=1) + "\n"


def from_file(text: str) -> Document:
    """The document that a session file holds.

    Raises:
        SessionError: The text is none.
    """
    try:
        session = from_json(text)
    except FilterError as error:
        raise SessionError(f"a condition of the stored session is no filter: {error}") from error
    # It has just been read as an object.
    return Document(session, _origin(json.loads(text).get("capture")))


def to_link(document: Document) -> str:
    """The document as one word that can be pasted into a chat or a command line."""
    origin = document.origin
    kept = Document(document.session, Origin(origin.name, "", origin.boot_id, origin.started_ns))
    packed = json.dumps(json.loads(to_file(kept)), separators=(",", ":"))
    return LINK + quote(packed, safe="")


def from_link(text: str) -> Document:
    """The document that a link holds; blanks around it do not matter.

    Raises:
        SessionError: The text is no link.
    """
    word = text.strip()
    if not word.startswith(SCHEME):
        raise SessionError(f"a link begins with {SCHEME}")
    if len(word) > MAX_LINK:
        raise SessionError(f"a link has {len(word):,} characters, more than {MAX_LINK:,}")
    packed = word.removeprefix(LINK).removeprefix(SCHEME)
    return from_file(unquote(packed, errors="strict" if word.isascii() else "replace"))


def read_file(data: bytes) -> Document:
    """The document in the bytes of a session file.

    Raises:
        SessionError: It is none, or too long.
    """
    if len(data) > MAX_FILE:
        raise SessionError(f"a session file has more than {MAX_FILE:,} bytes")
    try:
        return from_file(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SessionError("a session file is not in UTF-8") from error


def _origin(found: Any) -> Origin:
    if not isinstance(found, dict):
        raise SessionError("the stored session does not say which capture it is of")
    texts = [found.get(key, "") for key in ("name", "path", "boot_id")]
    if not all(isinstance(text, str) and len(text) <= _MAX_TEXT for text in texts):
        raise SessionError("the capture of a stored session has no proper name")
    started = found.get("started_ns", -1)
    if type(started) is not int or not -1 <= started < 2**63:
        raise SessionError("the capture of a stored session began at no proper time")
    paths = found.get("paths", [])
    if not isinstance(paths, list) or len(paths) > MAX_FILES or not all(map(_is_path, paths)):
        raise SessionError("the captures of a stored session have no proper names")
    return Origin(texts[0], texts[1], texts[2], started, tuple(paths))


def _is_path(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT
