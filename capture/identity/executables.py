"""What was found out about the files of programs: their digest, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from capture.identity.snapshot import Row, Table, integer_of, text_of

_MOST_DIGESTS = 8
Identity = tuple[int, int, int, int, int]
"""Device, inode, size, mtime, ctime: another content has another one of these."""


@dataclass(frozen=True, slots=True)
class Executable:
    """One file of a program, as the recorder found it beside the recording."""

    sha256: str = ""
    """64 hex digits; empty: not hashed, `note` says why."""
    note: str = ""
    """Why it was not hashed, or what an analyst must know of the digest."""
    capabilities: str = ""
    """File capabilities as the raw attribute security.capability in hex; empty: none, or not looked at."""


NOTHING_KNOWN = Executable()


def executables_by_identity(table: Table) -> dict[Identity, Executable]:
    """Index the rows of the documents `executables` on programs; a later row replaces an earlier one."""
    return {identity_of(row): _executable(row) for row in table if row.get("script") is not True}


def scripts_by_path(table: Table) -> dict[str, Executable]:
    """What was found out about scripts, by path.

    The kernel tells no more of a script than its name: where files of different content had it, each might
    have been the one, and the note lists them.
    """
    found: dict[str, list[Executable]] = {}
    for row in table:
        if row.get("script") is True:
            found.setdefault(text_of(row.get("path")), []).append(_executable(row))
    return {path: _one_of(scripts) for path, scripts in found.items()}


def _one_of(scripts: list[Executable]) -> Executable:
    digests = sorted({script.sha256 for script in scripts if script.sha256})
    if len(digests) < 2:
        return next((script for script in scripts if script.sha256), scripts[-1])
    more = ", …" if len(digests) > _MOST_DIGESTS else ""
    return Executable(note=f"not told apart: one of {', '.join(digests[:_MOST_DIGESTS])}{more}")


def identity_of(row: Row) -> Identity:
    """The identity that a row was asked for."""
    dev, ino, size, mtime, ctime = (
        integer_of(row.get(name)) for name in ("dev", "ino", "size", "mtime", "ctime")
    )
    return dev, ino, size, mtime, ctime


def _executable(row: Row) -> Executable:
    return Executable(*(text_of(row.get(name)) for name in ("sha256", "note", "capabilities")))
