"""What is mounted where (mountinfo, proc(5))."""

from __future__ import annotations

import re

from capture.agent.host_root import is_elsewhere
from capture.agent.proc_files import PROC, Row, lines, text


def mounts() -> list[Row]:
    """The mounts of the recorder's own namespace, in a container those of the host (mountinfo, proc(5))."""
    return mounts_of("1" if is_elsewhere() else "self")


def mounts_of(pid: str) -> list[Row]:
    """The mounts that a process sees; `self` is the recorder."""
    rows = []
    for line in lines(PROC / pid / "mountinfo"):
        left, _, right = line.partition(b" - ")
        fields, kind = left.split(), right.split()
        major, minor = (int(part) for part in fields[2].split(b":"))
        rows.append(
            {
                **{"id": int(fields[0]), "parent": int(fields[1]), "dev": major << 20 | minor},
                **{
                    "root": _unescaped(fields[3]),
                    "target": _unescaped(fields[4]),
                    "options": text(fields[5]),
                },
                **{"type": text(kind[0]), "source": _unescaped(kind[1]) if len(kind) > 1 else ""},
            }
        )
    return rows


def _unescaped(field: bytes) -> str:
    """A field in which the kernel writes blanks and backslashes as three octal digits."""
    return text(re.sub(rb"\\([0-3][0-7]{2})", lambda match: bytes([int(match[1], 8)]), field))
