"""Files of /proc, read as bytes: what of the machine is read from them lies in modules of its own."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROC = Path("/proc")
_MAX_BYTES = 1 << 20
_MAX_TABLE = 256 << 20
"""A table of the kernel has a line a socket or mount: 1 MiB would be 7,000 connections."""

Row = dict[str, Any]


def text(raw: bytes) -> str:
    """Bytes of the system as text that msgpack can keep; what is no UTF-8 is shown as \\xNN."""
    return raw.decode("utf-8", "backslashreplace")


def content(path: Path) -> bytes:
    """The first MiB of a file. Raises OSError."""
    with path.open("rb") as stream:
        return stream.read(_MAX_BYTES)


def lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a table. Raises OSError."""
    with path.open("rb") as stream:
        raw = stream.read(_MAX_TABLE)
    yield from raw[: raw.rfind(b"\n") + 1].splitlines()


def numbers(folder: Path) -> Iterator[int]:
    """The names in a folder that are numbers: processes, or threads of one. Raises OSError."""
    for name in os.listdir(folder):  # noqa: PTH208 - thousands of names, of which no paths are wanted
        if name.isdigit():
            yield int(name)


def all_pids() -> list[int]:
    """Every process, sorted; FileNotFoundError where /proc shows none, not even this one."""
    if not (pids := sorted(numbers(PROC))):
        raise FileNotFoundError(errno.ENOENT, "no process is to be seen: is it mounted?", str(PROC))
    return pids


def kernel_dev(dev: int) -> int:
    """A device number as the kernel keeps it (super_block.s_dev): major << 20 | minor."""
    return os.major(dev) << 20 | os.minor(dev)
