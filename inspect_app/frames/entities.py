"""The frames beside the events: processes, threads, images, descriptors, containers, users, drops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from capture.format.joins import first_of_each, last_of_each, pair_codes, taken
from capture.identity import Identities
from capture.identity.anonymous import is_anonymous
from capture.identity.descriptors import type_listed
from capture.identity.directories import snapshot_holders
from capture.identity.endpoints import Endpoints
from capture.identity.images import Program
from capture.identity.snapshot import integers, texts
from inspect_app.frames.columns import (
    DESCRIPTOR_COLUMNS,
    DROP_COLUMNS,
    GROUP_COLUMNS,
    IMAGE_COLUMNS,
    MOUNT_COLUMNS,
    OPENED_COLUMNS,
    PROCESS_COLUMNS,
    THREAD_COLUMNS,
    USER_COLUMNS,
)
from inspect_app.frames.tables import build_table

_NO_ENDS = Endpoints()


def processes(found: Identities) -> pd.DataFrame:
    """See PROCESS_COLUMNS."""
    known = found.processes
    ended = known.status >= 0
    signal = known.status & 0x7F
    return build_table(
        PROCESS_COLUMNS,
        {
            "pid": known.pid,
            "start": known.start,
            "end": known.end,
            "ppid": known.ppid,
            "parent": known.parent,
            "image": found.images.of_process,
            "container": found.container_of_process,
            "uid": found.uid,
            "sid": found.sid,
            "tty": found.tty,
            "loginuid": _unset(found.loginuid),
            "exit_code": np.where(ended & (signal == 0), known.status >> 8 & 0xFF, -1),
            "exit_signal": np.where(ended, signal, -1),
            "existed": known.existed,
            **found.listed,
            "cgroups": found.cgroups,
        },
    )


def _unset(loginuid: np.ndarray) -> np.ndarray:
    """The kernel's "not set" is 2**32 - 1 where it is read without a sign."""
    return np.where(loginuid == (1 << 32) - 1, -1, loginuid)


def threads(found: Identities) -> pd.DataFrame:
    """See THREAD_COLUMNS."""
    known = found.threads
    return build_table(
        THREAD_COLUMNS,
        {"tid": known.tid, "process": known.process, "start": known.start, "end": known.end},
    )


def images(found: Identities) -> pd.DataFrame:
    """See IMAGE_COLUMNS."""
    known = found.images
    programs = [known.programs[at] for at in known.program.tolist()]
    names = found.paths.names.all
    pairs = list(zip(known.comm, programs, strict=True))
    return build_table(
        IMAGE_COLUMNS,
        {
            "process": known.process,
            "since": known.since,
            "event": known.event,
            "comm": known.comm,
            "exe": [program.exe for program in programs],
            "exepath": [program.exepath for program in programs],
            "args": [program.args for program in programs],
            "argv": [program.argv for program in programs],
            "cmdline": [f"{comm} {program.args}" if program.args else comm for comm, program in pairs],
            "cwd": [names[at] if at >= 0 else "" for at in known.cwd.tolist()],
            "dev": [program.dev for program in programs],
            "ino": [program.ino for program in programs],
            "script": [program.script for program in programs],
            "script_sha256": [program.script_file.sha256 for program in programs],
            "script_note": [program.script_file.note for program in programs],
            "exe_mode": [program.mode for program in programs],
            **{f"exe_{name}": [_of_file(program, name) for program in programs] for name in _FILE_NUMBERS},
            "sha256": [program.executable.sha256 for program in programs],
            "exe_note": [program.executable.note for program in programs],
            "exe_capabilities": [program.executable.capabilities for program in programs],
            "environment": _environments(found)[1][known.program],
        },
    )


_FILE_NUMBERS = ("flags", "uid", "gid", "size", "mtime", "ctime")
_MOST = (1 << 63) - 1


def _of_file(program: Program, name: str) -> int:
    """A number that the kernel told of a program's file, -1 where it was not recorded."""
    return -1 if program.file is None else min(int(getattr(program.file, name)), _MOST)


def environments(found: Identities) -> list[bytes]:
    """Distinct environments, to which the images' `environment` points."""
    return _environments(found)[0]


def _environments(found: Identities) -> tuple[list[bytes], np.ndarray]:
    """Distinct environments, and for each program its position among them (int32), -1 not recorded."""
    places: dict[bytes, int] = {}
    at = [
        -1 if program.environment is None else places.setdefault(program.environment, len(places))
        for program in found.images.programs
    ]
    return list(places), np.array(at, np.int32)


def descriptors(found: Identities, time: np.ndarray) -> pd.DataFrame:
    """See DESCRIPTOR_COLUMNS. `time`: of the events."""
    known = found.descriptors
    first, last = (
        taken(time, find(known.of_event, len(known.name))) for find in (first_of_each, last_of_each)
    )
    ends = [_NO_ENDS if end is None else end for end in known.ends]
    return build_table(
        DESCRIPTOR_COLUMNS,
        {
            "type": known.type,
            "name": known.name,
            "dev": known.dev,
            "ino": known.ino,
            "mode": known.mode,
            "l4proto": [end.l4proto for end in ends],
            "laddr": [end.laddr for end in ends],
            "lport": [end.lport for end in ends],
            "raddr": [end.raddr for end in ends],
            "rport": [end.rport for end in ends],
            "role": known.role,
            "first": first,
            "last": last,
        },
    )


def users(table: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """See USER_COLUMNS."""
    return build_table(
        USER_COLUMNS,
        {"uid": integers(table, "uid"), **{name: texts(table, name) for name in ("name", "home", "shell")}},
    )


def groups(table: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """See GROUP_COLUMNS."""
    return build_table(GROUP_COLUMNS, {"gid": integers(table, "gid"), "name": texts(table, "name")})


def drops(documents: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """See DROP_COLUMNS. A document holds one interval's rows."""
    rows = [
        {**{name: document.get(name) for name in ("time", "since")}, **row}
        for document in documents
        for row in document.get("rows", ())
        if isinstance(row, dict)
    ]
    return build_table(
        DROP_COLUMNS,
        {
            "time": integers(rows, "time"),
            "since": integers(rows, "since"),
            "kind": texts(rows, "kind"),
            "where": texts(rows, "where"),
            "count": integers(rows, "count", 0),
            "category": texts(rows, "category"),
            "cpu": integers(rows, "cpu"),
        },
    )


def opened(found: Identities, table: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """See OPENED_COLUMNS. `table`: the snapshot's descriptors."""
    numbers = {name: integers(table, name) for name in ("pid", "fd", "dev", "ino", "mode")}
    names = texts(table, "name")
    things = _things(found, numbers["dev"], numbers["ino"], names)
    kinds = found.descriptors.type
    return build_table(
        OPENED_COLUMNS,
        {
            "process": snapshot_holders(found.processes, numbers.pop("pid")),
            **numbers,
            "descriptor": things,
            "name": names,
            "cloexec": np.clip(integers(table, "cloexec"), -1, 1),
            "type": [
                kinds[thing] if thing >= 0 else type_listed(name, mode)
                for thing, name, mode in zip(things.tolist(), names, numbers["mode"].tolist(), strict=True)
            ],
        },
    )


def _things(found: Identities, dev: np.ndarray, ino: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The first row of descriptors with each identity, -1 none: the one with the name it had at the start.

    What has no file shares its identity with others: it is the one of its name.
    """
    known = found.descriptors
    _, _, code = pair_codes(np.concatenate((known.dev, dev)), np.concatenate((known.ino, ino)))
    row = np.full(int(code.max(initial=-1)) + 1, -1)
    count = len(known.dev)
    row[code[:count][::-1]] = np.arange(count)[::-1]
    things: np.ndarray = np.where(ino > 0, row[code[count:]], -1)
    asked = {at: name for at, name in enumerate(names) if is_anonymous(name)}
    wanted = frozenset(asked.values())
    anonymous = {name: at for at, name in enumerate(known.name) if name in wanted}
    for at, name in asked.items():
        things[at] = anonymous.get(name, -1)
    return things


def mounts(table: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """See MOUNT_COLUMNS."""
    words = ("root", "target", "type", "source", "options")
    return build_table(
        MOUNT_COLUMNS,
        {
            **{name: integers(table, name) for name in ("id", "parent", "dev")},
            **{name: texts(table, name) for name in words},
        },
    )
