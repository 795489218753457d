"""Programs that have begun, out of the records of the lane `exec` and out of the snapshot: each file once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.agent.chunks import Chunk, Texts
from capture.model.program_file import ProgramFlag, program_file


@dataclass(frozen=True, slots=True)
class BegunProgram:
    """The file of a program, as the kernel had it when it began."""

    pid: int
    path: bytes
    """As it was given; of a script that of its interpreter."""
    dev: int
    ino: int
    size: int
    mtime: int
    ctime: int
    overlay: bool = False

    @property
    def identity(self) -> tuple[int, ...]:
        """Another content has another one of these."""
        return self.dev, self.ino, self.size, self.mtime, self.ctime


@dataclass(frozen=True, slots=True)
class BegunScript:
    """A script that the kernel gave to its interpreter; of its file it tells nothing but the name."""

    pid: int
    path: bytes
    """As it was given."""
    interpreter: BegunProgram
    began: int
    """When it had begun, ns since boot."""


def scripts_of(chunk: Chunk) -> Iterator[BegunScript]:
    """The scripts that began in a chunk of the lane `exec`, the last of each name and interpreter."""
    exe, given = chunk.text("exe"), chunk.text("text")
    if exe is None or given is None:
        return
    flags = np.ascontiguousarray(exe.rows[:, :4]).view("<u4").reshape(-1)
    of_script = np.flatnonzero(flags & np.uint32(ProgramFlag.SCRIPT))
    dev, ino, pid, time = (chunk.heads.field(name)[exe.at] for name in ("dev", "ino", "pid", "time"))
    named = np.searchsorted(given.at, exe.at[of_script])
    named = np.minimum(named, len(given.at) - 1)
    _, name = np.unique(given.rows[named], axis=0, return_inverse=True)
    keys = np.column_stack(
        [part.astype(np.uint64) for part in (name.reshape(-1), dev[of_script], ino[of_script])]
    )
    _, last = np.unique(keys[::-1], axis=0, return_index=True)
    for at in of_script[::-1][last].tolist():
        path, program = _text(chunk, "text", int(exe.at[at])), _program(chunk, exe, at)
        if path and program is not None:
            yield BegunScript(int(pid[at]), path, program, int(time[at]))


def programs_of(chunk: Chunk) -> Iterator[BegunProgram]:
    """The programs of a chunk of the lane `exec`, one of each distinct file."""
    exe = chunk.text("exe")
    if exe is None:
        return
    dev, ino = (chunk.heads.field(name)[exe.at] for name in ("dev", "ino"))
    # Size and times: bytes 8 to 32 of what the kernel told.
    facts = np.ascontiguousarray(exe.rows[:, 8:32]).view("<u8")
    keys = np.column_stack((dev.astype(np.uint64), ino.astype(np.uint64), facts))
    _, first = np.unique(keys, axis=0, return_index=True)
    for at in first.tolist():
        if (program := _program(chunk, exe, at)) is not None:
            yield program


def _program(chunk: Chunk, exe: Texts, at: int) -> BegunProgram | None:
    """The program of one of the texts of the column `exe`."""
    event = int(exe.at[at])
    dev, ino, pid = (int(chunk.heads.field(name)[event]) for name in ("dev", "ino", "pid"))
    file = program_file(exe.rows[at].tobytes())
    if file is None or not ino:
        return None
    is_script = ProgramFlag.SCRIPT in file.flags
    given = _text(chunk, "text2" if is_script else "text", event).partition(b"\0")[0]
    facts = (file.size, file.mtime, file.ctime)
    return BegunProgram(pid, given, dev, ino, *facts, overlay=bool(file.layer))


def _text(chunk: Chunk, column: str, event: int) -> bytes:
    text = chunk.text(column)
    if text is None:
        return b""
    at = int(np.searchsorted(text.at, event))
    if at == len(text.at) or text.at[at] != event:
        return b""
    return text.rows[at, : text.lengths[at]].tobytes()


def programs_listed(processes: Iterable[dict[str, Any]]) -> Iterator[BegunProgram]:
    """The programs that ran when the recording began, out of the snapshot's table."""
    for row in processes:
        if row.get("ino") and "exe_size" in row:
            path = (row["exe"] or "").encode("utf-8", "surrogateescape")
            facts = (row[name] for name in ("dev", "ino", "exe_size", "exe_mtime", "exe_ctime"))
            yield BegunProgram(row["pid"], path, *facts)
