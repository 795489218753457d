"""What was found out about the files of programs: their digest, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from capture.identity.snapshot import Row, Table, integer_of, text_of

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
    """Index the rows of the documents `executables`; a later row replaces an earlier one."""
    return {identity_of(row): _executable(row) for row in table}


def identity_of(row: Row) -> Identity:
    """The identity that a row was asked for."""
    dev, ino, size, mtime, ctime = (
        integer_of(row.get(name)) for name in ("dev", "ino", "size", "mtime", "ctime")
    )
    return dev, ino, size, mtime, ctime


def _executable(row: Row) -> Executable:
    return Executable(*(text_of(row.get(name)) for name in ("sha256", "note", "capabilities")))
