"""The tables of things in a data set: processes, programs, files, connections, containers, names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from inspect_app.exports.arrow import moments_both, texts, whole_numbers
from inspect_app.exports.request import Request
from inspect_app.filters.calls import category_of
from inspect_app.filters.transfers import recognised
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import account_rows

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table."""

    name: str
    meaning: str
    rows: Callable[[Request], tuple[Columns, np.ndarray]]
    """Its columns, and the time of each row by which it is filed (ns, -1 not known)."""


def _processes(request: Request) -> tuple[Columns, np.ndarray]:
    frames = request.frames
    rows = _touched(request, "process", len(frames.processes))
    held = frames.processes.iloc[rows]
    columns = {
        **_numbers(held, "pid", "ppid", "uid", "exit_code", "exit_signal", "loginuid"),
        "user": texts(_users(frames, held["uid"].to_numpy())),
        **_times(held, "start", "end"),
        **_programs(frames, held["image"].to_numpy()),
        **_containers_of(frames, held["container"].to_numpy()),
    }
    return columns, held["start"].to_numpy()


def _images(request: Request) -> tuple[Columns, np.ndarray]:
    frames = request.frames
    rows = _touched(request, "image", len(frames.images))
    held = frames.images.iloc[rows]
    process = held["process"].to_numpy()
    columns = {
        **_programs(frames, rows),
        **_times(held, "since"),
        **_numbers(held, "exe_size", "exe_mode", "ino", "dev"),
        "exe_note": texts(held["exe_note"].to_numpy(object)),
        "pid": _looked(frames.processes["pid"].to_numpy(), process),
        "user": texts(_users(frames, _at(frames.processes["uid"].to_numpy(), process, -1))),
        **_containers_of(frames, _at(frames.processes["container"].to_numpy(), process, -1)),
    }
    return columns, held["since"].to_numpy()


def _files(request: Request) -> tuple[Columns, np.ndarray]:
    frames = request.frames
    rows = _touched(request, "descriptor", len(frames.descriptors))
    rows = rows[frames.descriptors["type"].isin(["file", "directory"]).to_numpy()[rows]]
    held = frames.descriptors.iloc[rows]
    columns = {
        "path": texts(held["name"].to_numpy(object)),
        "type": texts(held["type"].to_numpy(object)),
        **_numbers(held, "dev", "ino", "mode"),
        **_times(held, "first", "last"),
        **_use(request, rows),
    }
    return columns, held["first"].to_numpy()


def _connections(request: Request) -> tuple[Columns, np.ndarray]:
    frames = request.frames
    rows = _touched(request, "descriptor", len(frames.descriptors))
    rows = rows[frames.descriptors["type"].isin(["ipv4", "ipv6"]).to_numpy()[rows]]
    held = frames.descriptors.iloc[rows]
    named = {"protocol": "l4proto", "local_address": "laddr", "peer_address": "raddr", "role": "role"}
    columns = {
        **{name: texts(held[column].to_numpy(object)) for name, column in named.items()},
        "local_port": whole_numbers(held["lport"].to_numpy(), held["lport"].to_numpy() < 0),
        "peer_port": whole_numbers(held["rport"].to_numpy(), held["rport"].to_numpy() < 0),
        **_times(held, "first", "last"),
        **_use(request, rows),
    }
    return columns, held["first"].to_numpy()


def _containers(request: Request) -> tuple[Columns, np.ndarray]:
    frames = request.frames
    rows = _touched(request, "container", len(frames.containers))
    rows = rows[rows > 0]
    held = frames.containers.iloc[rows]
    names = (
        *("id", "full_id", "name", "image", "image_id", "image_digest", "runtime", "pod", "namespace"),
        *("command", "user", "privileged", "host_namespaces", "sensitive_mounts", "metadata"),
    )
    columns = {
        **{name: texts(held[name].to_numpy(object)) for name in names},
        **_numbers(held, "exit_code", "oom_kills"),
        **_times(held, "birth", "death", "created"),
    }
    return columns, held["birth"].to_numpy()


def _domains(request: Request) -> tuple[Columns, np.ndarray]:
    """A row for each name, way and process."""
    frames = request.frames
    found = recognised(frames)
    told = (("dns", found.dns, "name"), ("tls", found.tls, "name"), ("http", found.http, "host"))
    parts = [
        pd.DataFrame({"event": table["event"], "domain": table[column].astype(object), "how": how})
        for how, table, column in told
    ]
    every = pd.concat(parts, ignore_index=True)
    chosen = np.zeros(len(frames.events), bool)
    chosen[request.selection.rows] = True
    every = every[(every["domain"] != "") & chosen[every["event"].to_numpy(np.int64)]]
    event = every["event"].to_numpy(np.int64)
    every = every.assign(
        time=frames.events["time"].to_numpy()[event], process=frames.events["process"].to_numpy()[event]
    )
    held = every.groupby(["domain", "how", "process"], as_index=False, observed=True).agg(
        first=("time", "min"), last=("time", "max"), events=("time", "size")
    )
    process = held["process"].to_numpy(np.int64)
    columns = {
        "domain": texts(held["domain"].to_numpy(object)),
        "how": texts(held["how"].to_numpy(object)),
        **_numbers(held, "events"),
        **_times(held, "first", "last"),
        "pid": _looked(frames.processes["pid"].to_numpy(), process),
        **_programs(frames, _at(frames.processes["image"].to_numpy(), process, -1)),
        **_containers_of(frames, _at(frames.processes["container"].to_numpy(), process, -1)),
    }
    return columns, held["first"].to_numpy(np.int64)


TABLES = (
    Table("processes", "a row a process", _processes),
    Table("images", "a row each time that a process began to run a program", _images),
    Table("files", "a row a file or directory that was touched, by each of its names", _files),
    Table("connections", "a row an IPv4 or IPv6 socket", _connections),
    Table("containers", "a row a container", _containers),
    Table("domains", "a row a name that a process asked for, by DNS, TLS or HTTP", _domains),
)


def _touched(request: Request, column: str, count: int) -> np.ndarray:
    """int64: the rows of things that selected events point to; all of a whole capture."""
    frames = request.frames
    if len(request.selection) == len(frames.events):
        return np.arange(count)
    rows = np.unique(frames.events[column].to_numpy()[request.selection.rows])
    return rows[rows >= 0].astype(np.int64)


def _use(request: Request, rows: np.ndarray) -> Columns:
    """How much selected events moved through things, and who used them last."""
    frames, events = request.frames, request.frames.events
    chosen = request.selection.rows
    thing = events["descriptor"].to_numpy()[chosen]
    names = [str(name) for name in events["type"].cat.categories]
    categories = np.array([category_of(name) for name in names] + [""])
    way = categories[events["type"].cat.codes.to_numpy()[chosen]]
    size = events["size"].to_numpy()[chosen]
    known, count = thing >= 0, len(frames.descriptors)

    def added(mine: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        total: np.ndarray = np.bincount(thing[mine], None if weights is None else weights[mine], count)[rows]
        return total.astype(np.int64)

    last = np.full(count, -1, np.int64)
    last[thing[known]] = np.flatnonzero(known)
    at = last[rows]
    process = np.append(events["process"].to_numpy()[chosen], -1)[at]
    container = np.append(events["container"].to_numpy()[chosen], -1)[at]
    return {
        "events": whole_numbers(added(known)),
        "bytes_read": whole_numbers(added(known & (way == "io-read"), size)),
        "bytes_written": whole_numbers(added(known & (way == "io-write"), size)),
        "pid": _looked(frames.processes["pid"].to_numpy(), process),
        **_programs(frames, _at(frames.processes["image"].to_numpy(), process, -1)),
        **_containers_of(frames, container),
    }


def _programs(frames: CaptureFrames, images: np.ndarray) -> Columns:
    named = {"program": "comm", "exe": "exepath", "cmdline": "cmdline", "sha256": "sha256"}
    return {
        name: texts(_at(frames.images[column].to_numpy(object), images, "")) for name, column in named.items()
    }


def _containers_of(frames: CaptureFrames, containers: np.ndarray) -> Columns:
    named = {"container_id": "id", "container": "name", "container_image": "image"}
    named |= {"container_image_digest": "image_digest", "pod": "pod", "namespace": "namespace"}
    held = frames.containers
    return {name: texts(_at(held[column].to_numpy(object), containers, "")) for name, column in named.items()}


def _users(frames: CaptureFrames, uids: np.ndarray) -> np.ndarray:
    """Of a capture of one host: the data set takes no others."""
    rows = account_rows(frames.users, "uid", uids, np.zeros(1, np.int32))
    return _at(frames.users["name"].to_numpy(object), rows, "")


def _at(values: np.ndarray, rows: np.ndarray, missing: object) -> np.ndarray:
    """Values by row; row -1 is missing."""
    found = values[np.maximum(rows, 0)].copy() if len(values) else np.full(len(rows), missing, values.dtype)
    found[rows < 0] = missing
    return found


def _looked(values: np.ndarray, rows: np.ndarray) -> Any:
    return whole_numbers(_at(values, rows, -1), rows < 0)


def _numbers(frame: pd.DataFrame, *names: str) -> Columns:
    return {name: whole_numbers(held := frame[name].to_numpy(), held < 0) for name in names}


def _times(frame: pd.DataFrame, *names: str) -> Columns:
    columns = Columns()
    for name in names:
        columns |= moments_both(name, frame[name].to_numpy(np.int64))
    return columns
