"""Programs that have begun, out of the records of the lane `exec` and out of the snapshot: each file once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from capture.agent.chunks import Chunk
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


def programs_of(chunk: Chunk) -> Iterator[BegunProgram]:
    """The programs of a chunk of the lane `exec`, one of each distinct file."""
    exe = chunk.text("exe")
    if exe is None:
        return
    dev, ino, pid = (chunk.heads.field(name)[exe.at] for name in ("dev", "ino", "pid"))
    # Size and times: bytes 8 to 32 of what the kernel told.
    facts = np.ascontiguousarray(exe.rows[:, 8:32]).view("<u8")
    keys = np.column_stack((dev.astype(np.uint64), ino.astype(np.uint64), facts))
    _, first = np.unique(keys, axis=0, return_index=True)
    for at in first.tolist():
        file = program_file(exe.rows[at].tobytes())
        if file is None or not ino[at]:
            continue
        is_script = ProgramFlag.SCRIPT in file.flags
        given = _text(chunk, "text2" if is_script else "text", int(exe.at[at])).partition(b"\0")[0]
        yield BegunProgram(
            int(pid[at]),
            given,
            int(dev[at]),
            int(ino[at]),
            file.size,
            file.mtime,
            file.ctime,
            overlay=bool(file.layer),
        )


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
