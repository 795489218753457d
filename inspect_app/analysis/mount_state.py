"""What was mounted at a moment, and where: on the host, in containers, in other mount namespaces.

The host's mounts are those that the recorder listed, changed by the calls of processes in the namespace of
its first process. A container's are those that its runtime was told to make, and those of calls in its
namespace since it turned to its own root. Of any other namespace only the calls in it are known.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from capture.identity.snapshot import text_of
from inspect_app.analysis.mount_spaces import home_spaces, mount_spaces
from inspect_app.filters.cache import remember
from inspect_app.filters.calls import argument_at
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.types import rows_of_types

_MOUNTS, _UNMOUNTS, _TURN = ("mount", "move_mount"), ("umount2", "umount"), "pivot_root"
_CHANGES_ONLY = 32 | 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20
"""Flags of mount(2) with which it changes a mount that is there: MS_REMOUNT and the kinds of propagation."""
_BIND, _MOVE, _RECURSIVE = 1 << 12, 1 << 13, 1 << 14
_DETACH = 2
_HOME = "host"


@dataclass(frozen=True, slots=True)
class _Mount:
    target: str
    source: str
    type: str
    since: int
    process: int
    space: str
    host: int


@dataclass(frozen=True, slots=True)
class _Call:
    """One call that made or removed a mount."""

    row: int
    name: str
    source: str
    """As the program gave it."""
    origin: str
    """The same as a path, empty where it is none."""
    target: str
    kind: str
    flags: int
    time: int
    process: int
    space: str
    host: int


_Space = tuple[str, int]
"""What a namespace is called, and the row of its host."""


def mounts_at(
    frames: CaptureFrames, row: int, processes: np.ndarray, containers: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """The mounts just before the event at `row` (see State.mounts), and the row of hosts of each.

    `processes`, `containers`: rows of those that lived then: a namespace ends with its last process.
    """
    there: dict[_Space, list[_Mount]] = defaultdict(list)
    for mount in (*_listed(frames), *_of_runtimes(frames, containers)):
        there[mount.space, mount.host].append(mount)
    for call in remember(frames, ("mount calls",), lambda: _calls(frames)):
        if call.row >= row:
            break
        _apply(call, there[call.space, call.host])
    spaces = np.unique(mount_spaces(frames, processes, np.full(len(processes), row))).tolist()
    alive = {_HOME, *(_name(frames, at) for at in containers.tolist()), *map(_number_text, spaces)}
    kept = [mount for (space, _), mine in there.items() if space in alive for mount in mine]
    columns = ["target", "source", "type", "since", "process", "space"]
    table = pd.DataFrame([[getattr(mount, name) for name in columns] for mount in kept], columns=columns)
    return table, np.array([mount.host for mount in kept], np.int64)


def _apply(call: _Call, mine: list[_Mount]) -> None:
    """Let a call change what is mounted in its namespace."""
    if call.name == _TURN:
        # What was made on the way lies below the new root, as the runtime was told.
        mine[:] = [one for one in mine if one.since < 0]
    elif call.name in _UNMOUNTS:
        last = next((at for at in reversed(range(len(mine))) if mine[at].target == call.target), None)
        if last is None:
            return
        del mine[last]
        if call.flags & _DETACH:
            mine[:] = [one for one in mine if not _is_below(one.target, call.target)]
    elif _moves(call, mine):
        for at, one in enumerate(mine):
            if _is_at_or_below(one.target, call.origin):
                mine[at] = replace(one, target=call.target + one.target[len(call.origin) :])
    else:
        mine.extend([*_made(call, mine)])


def _moves(call: _Call, mine: list[_Mount]) -> bool:
    if call.name == "mount":
        return bool(call.flags & _MOVE)
    return bool(call.origin) and any(one.target == call.origin for one in mine)


def _made(call: _Call, mine: list[_Mount]) -> Iterator[_Mount]:
    """The mount, and with MS_REC those below what is shown in another place."""
    new = _Mount(call.target, call.source, call.kind, call.time, call.process, call.space, call.host)
    if call.name != "mount" or not call.flags & _BIND:
        yield new
        return
    around = [one for one in mine if _is_at_or_below(call.origin, one.target)]
    below = max(around, key=lambda one: len(one.target), default=None)
    yield replace(new, source=below.source, type=below.type) if below else new
    for one in mine if call.flags & _RECURSIVE else ():
        if _is_below(one.target, call.origin):
            place = call.target + one.target[len(call.origin.rstrip("/")) :]
            yield replace(new, target=place, source=one.source, type=one.type)


def _is_below(path: str, folder: str) -> bool:
    return path != folder and path.startswith(folder.rstrip("/") + "/")


def _is_at_or_below(path: str, folder: str) -> bool:
    return path == folder or _is_below(path, folder)


def _listed(frames: CaptureFrames) -> Iterator[_Mount]:
    columns = (frames.mounts[name].tolist() for name in ("target", "source", "type", "host"))
    for target, source, kind, host in zip(*columns, strict=True):
        yield _Mount(target, source, kind, -1, -1, _HOME, host)


def _of_runtimes(frames: CaptureFrames, containers: np.ndarray) -> Iterator[_Mount]:
    """What runtimes were told to mount in containers."""
    for at in containers.tolist():
        told, host = str(frames.containers["mounts"].iat[at]), int(frames.containers["host"].to_numpy()[at])
        for one in json.loads(told) if told else ():
            target, source, kind = (text_of(one.get(name)) for name in ("destination", "source", "type"))
            yield _Mount(target, source, kind, -1, -1, _name(frames, at), host)


def _name(frames: CaptureFrames, container: int) -> str:
    return str(frames.containers["name"].iat[container] or frames.containers["id"].iat[container])


def _number_text(inode: int) -> str:
    return f"mnt:[{inode}]"


def _calls(frames: CaptureFrames) -> list[_Call]:
    """The calls that made or removed a mount, in order."""
    kinds, ret = frames.events["type"], frames.events["ret"].to_numpy()
    rows = rows_of_types(kinds, (*_MOUNTS, *_UNMOUNTS, _TURN))
    rows = rows[ret[rows] == 0]
    if not len(rows):
        return []
    flags = argument_at(frames, 3, rows)
    is_mount = (kinds.iloc[rows] == "mount").to_numpy()
    rows = rows[~(is_mount & (flags & np.uint64(_CHANGES_ONLY) != 0))]
    columns = {name: frames.events[name].to_numpy()[rows] for name in ("path", "path2", "time", "process")}
    spaces = _spaces(frames, columns["process"], rows)
    host_of = np.append(frames.processes["host"].to_numpy(), 0)
    calls = []
    for at, row in enumerate(rows.tolist()):
        name = str(kinds.iat[row])
        first, second = (_path(frames, int(columns[side][at])) for side in ("path", "path2"))
        mounting, process = name in _MOUNTS, int(columns["process"][at])
        given = (frames.source.texts(row)[0] or b"").decode("utf-8", "backslashreplace")
        calls.append(
            _Call(
                row,
                name,
                given,
                first if mounting else "",
                second if mounting else first,
                _kind(frames, row) if name == "mount" else "",
                frames.source.raw_arguments(row)[3 if name == "mount" else 1],
                int(columns["time"][at]),
                process,
                spaces[at],
                int(host_of[process]),
            )
        )
    return calls


def _path(frames: CaptureFrames, at: int) -> str:
    return frames.paths[at] if at >= 0 else ""


def _kind(frames: CaptureFrames, row: int) -> str:
    """The kind of file system that mount(2) was asked for, told in the place of an address."""
    return (frames.source.address(row) or b"").partition(b"\0")[0].decode("utf-8", "backslashreplace")


def _spaces(frames: CaptureFrames, process: np.ndarray, rows: np.ndarray) -> list[str]:
    """What the namespace is called in which each call was made: the host, a container, or its number."""
    inode = mount_spaces(frames, process, rows)
    host, container = (
        np.append(frames.processes[name].to_numpy(), 0)[process] for name in ("host", "container")
    )
    home = home_spaces(frames)[host]
    inside = np.append(~frames.is_host, False)[container]
    at_home = (inode == home) | ((inode < 0) & ~inside)
    return [
        _HOME if is_home else _name(frames, one) if is_inside else _number_text(number)
        for is_home, is_inside, one, number in zip(
            at_home.tolist(), inside.tolist(), container.tolist(), inode.tolist(), strict=True
        )
    ]
