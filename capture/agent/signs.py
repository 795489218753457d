"""Signs of containers in the records of the lanes and in the snapshot: cgroups, and calls of runtimes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from capture.agent import proc_files
from capture.agent.cgroups import cgroup_paths
from capture.agent.chunks import Chunk, Texts
from capture.containers.runtime_calls import PROGRAMS, RuntimeCall, payloads_of, runtime_call

_NAMES = tuple(np.frombuffer(name.encode(), np.uint8) for name in PROGRAMS)

Row = dict[str, Any]


def cgroups_of(chunk: Chunk, code: int) -> list[str]:
    """The paths of a chunk's events of that code."""
    rows = np.flatnonzero(chunk.heads.field("code") == code)
    text = chunk.text("text") if len(rows) else None
    if text is None:
        return []
    return [proc_files.text(_bytes(text, at)) for at in np.flatnonzero(np.isin(text.at, rows)).tolist()]


def runtime_calls_of(chunk: Chunk) -> Iterator[RuntimeCall]:
    """What low-level runtimes among the executed programs of a chunk were told to make.

    Only programs whose file has a runtime's name are looked at, so that a storm of others costs nothing.
    """
    name, arguments = chunk.text("text"), chunk.text("text2")
    if name is None or arguments is None:
        return
    pids = chunk.heads.field("pid")
    for at in np.flatnonzero(_are_runtimes(name)).tolist():
        event = int(name.at[at])
        found = int(np.searchsorted(arguments.at, event))
        if found < len(arguments.at) and arguments.at[found] == event:
            argv = _bytes(arguments, found).removesuffix(b"\0").split(b"\0")
            call = runtime_call(argv)
            if call is not None and not call.bundle.startswith("/"):
                call = runtime_call(argv, _folder_of(int(pids[event])))
            if call is not None:
                yield _with_cgroups(call, cgroup_paths(int(pids[event])))


def names_of_runtimes(chunk: Chunk) -> np.ndarray[Any, np.dtype[Any]]:
    """Which events of a chunk run a file that has a runtime's name."""
    name = chunk.text("text")
    return np.empty(0, np.int64) if name is None else name.at[_are_runtimes(name)]


def _with_cgroups(call: RuntimeCall, own: Sequence[str]) -> RuntimeCall:
    """The call with the cgroups of its container where these follow from the caller's own."""
    return replace(call, cgroups=payloads_of(own)) if call.runtime == "nspawn" else call


def _are_runtimes(name: Texts) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """bool, one a row: the path ends in one of the names."""
    found = np.zeros(len(name.lengths), np.bool_)
    lengths = name.lengths.astype(np.int64)
    for word in _NAMES:
        long_enough = np.flatnonzero(lengths >= len(word))
        columns = lengths[long_enough, None] - len(word) + np.arange(len(word))
        found[long_enough] |= (name.rows[long_enough[:, None], columns] == word).all(axis=1)
    return found


def _folder_of(pid: int) -> str:
    """The working directory of a process, empty if it is gone."""
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


def cgroups_listed(processes: Iterable[Row]) -> set[str]:
    """The cgroups of all hierarchies in which processes of the snapshot are."""
    lines = (line for row in processes for line in row.get("cgroups") or ())
    return {path for line in lines if (path := line.split(":", 2)[-1]) not in ("", "/")}


def runtime_calls_listed(processes: Iterable[Row]) -> Iterator[RuntimeCall]:
    """What monitors and shims that run already were told: each stays as long as its container."""
    for row in processes:
        call = runtime_call(row.get("argv") or (), row.get("cwd") or "")
        if call is not None:
            yield _with_cgroups(call, [line.split(":", 2)[-1] for line in row.get("cgroups") or ()])


def _bytes(text: Texts, at: int) -> bytes:
    return text.rows[at, : text.lengths[at]].tobytes()
