"""Fields of whole entities: what a process, thread, container or descriptor is, whatever happened to it.

A field of the filter language is told of an event. Where the field is a property of the thing
that the event points to, it is read here straight from that thing's frame: so a row has it even
when the window holds none of its events, and grouping works on a few thousand things instead of
millions of events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pandas as pd

from inspect_app.analysis.channels import channels
from inspect_app.filters.cache import remember
from inspect_app.filters.entities import event_hosts
from inspect_app.filters.errors import FilterError, NotEvaluableError
from inspect_app.filters.field import Field
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.language import parse
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import account_rows
from inspect_app.views.cells import Cells, number_cells, text_cells

NUMBER = "evt.num"
"""The field that is an event's row, from 1: nothing has to be looked up for it."""
Read = Callable[[CaptureFrames], Cells]
"""Cells of a whole table, one a row."""
Lives = Callable[[CaptureFrames], tuple[np.ndarray, np.ndarray]]
"""Start and end of each, nanoseconds since 1970 UTC, -1 not known or not ended."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of thing that events point to."""

    column: str
    """The events' column that holds its row number."""
    table: Callable[[CaptureFrames], pd.DataFrame]
    fields: Mapping[str, Read]
    """Field name to its cells, one for each row of the table."""
    lived: Lives | None = None
    pointer: Callable[[CaptureFrames], np.ndarray] | None = None
    """Row number of each event, where that is no column of events."""

    def rows(self, frames: CaptureFrames) -> np.ndarray:
        """The thing of each event, -1 none."""
        if self.pointer is not None:
            return self.pointer(frames)
        rows: np.ndarray = frames.events[self.column].to_numpy()
        return rows


def _number(table: str, column: str) -> Read:
    """A column of numbers in which a negative one means that it is not known."""

    def read(frames: CaptureFrames) -> Cells:
        values = getattr(frames, table)[column].to_numpy()
        return number_cells(values, missing=values < 0)

    return read


def _text(table: str, column: str) -> Read:
    """A column of texts; an empty one means that it is not known."""

    def read(frames: CaptureFrames) -> Cells:
        values = getattr(frames, table)[column].to_numpy(dtype=object)
        return text_cells(values, np.where(values == "", -1, np.arange(len(values))))

    return read


def _or_host(column: str) -> Read:
    """A text of containers; a row that stands for a host is called so where it has none."""

    def read(frames: CaptureFrames) -> Cells:
        values = frames.containers[column].to_numpy(dtype=object).copy()
        values[frames.is_host & (values == "")] = "host"
        return text_cells(values, np.where(values == "", -1, np.arange(len(values))))

    return read


def _through(pointer: tuple[str, str], of: Read) -> Read:
    """A property of the thing that a column of another frame points to."""

    def read(frames: CaptureFrames) -> Cells:
        return of(frames).take_known(getattr(frames, pointer[0])[pointer[1]].to_numpy())

    return read


def _user_name(frames: CaptureFrames) -> Cells:
    """The name of each process's user; a uid that no user list explains has none."""
    uids, hosts = (frames.processes[name].to_numpy() for name in ("uid", "host"))
    found = account_rows(frames.users, "uid", uids, hosts)
    return text_cells(frames.users["name"].to_numpy(dtype=object), found)


def _threads_of(frames: CaptureFrames) -> Cells:
    """How many threads each process was seen to have."""
    owners = frames.threads["process"].to_numpy()
    return number_cells(np.bincount(owners[owners >= 0], minlength=len(frames.processes)).astype(np.int64))


def _processes_of(frames: CaptureFrames) -> Cells:
    """How many processes each container was seen to have."""
    owners = frames.processes["container"].to_numpy()
    return number_cells(np.bincount(owners[owners >= 0], minlength=len(frames.containers)).astype(np.int64))


def _exe_line(frames: CaptureFrames) -> Cells:
    """argv as it was given; the kernel's name where there is none (kernel threads)."""
    images = frames.images
    rows = zip(images["exe"], images["args"], images["comm"], strict=True)
    lines = np.array([f"{exe} {args}".rstrip() if exe else comm for exe, args, comm in rows], dtype=object)
    return text_cells(lines, np.where(lines == "", -1, np.arange(len(lines))))


def _lifetime(table: str, start: str, end: str) -> Lives:
    def read(frames: CaptureFrames) -> tuple[np.ndarray, np.ndarray]:
        frame = getattr(frames, table)
        return frame[start].to_numpy(), frame[end].to_numpy()

    return read


def _server_port(frames: CaptureFrames) -> Cells:
    """The port at the server's end of each IP socket of which a side is known."""
    things = frames.descriptors
    serves = things["role"].isin(["server", "listener"]).to_numpy()
    known = (things["role"] != "").to_numpy() & things["type"].isin(["ipv4", "ipv6"]).to_numpy()
    ports = np.where(serves, things["lport"].to_numpy(), things["rport"].to_numpy())
    return number_cells(ports, missing=~known | (ports < 0))


_CONTAINER_TEXTS = (
    *("kind", "command", "user", "metadata", "restart_policy", "no_new_privileges", "read_only", "seccomp"),
    *("apparmor", "devices", "host_namespaces", "parent"),
)
_CONTAINER_NUMBERS = ("exit_code", "oom_kills", "starts", "memory_limit", "cpu_limit", "pids_limit")
_CONTAINER: dict[str, Read] = {
    "container.id": _text("containers", "id"),
    "container.full_id": _text("containers", "full_id"),
    "container.name": _or_host("name"),
    "container.image": _text("containers", "image"),
    "container.type": _or_host("runtime"),
    "container.privileged": _text("containers", "privileged"),
    "container.start_ts": _number("containers", "created"),
    "container.birth": _number("containers", "birth"),
    "container.death": _number("containers", "death"),
    "container.nprocs": _processes_of,
    "k8s.pod.name": _text("containers", "pod"),
    "k8s.ns.name": _text("containers", "namespace"),
    **{f"container.{name}": _text("containers", name) for name in _CONTAINER_TEXTS},
    **{f"container.{name}": _number("containers", name) for name in _CONTAINER_NUMBERS},
    "container.image.digest": _text("containers", "image_digest"),
    "container.caps.added": _text("containers", "capabilities_added"),
    "container.caps.dropped": _text("containers", "capabilities_dropped"),
    "container.mounts.sensitive": _text("containers", "sensitive_mounts"),
    "container.ip": _text("containers", "addresses"),
    "container.env": _text("containers", "environment"),
}
_HOST: dict[str, Read] = {
    "evt.hostname": _text("hosts", "hostname"),
    "host.cpus": _number("hosts", "cpus"),
    **{f"host.{name}": _text("hosts", name) for name in ("kernel", "os", "machine", "machine_id")},
}
_IMAGE = ("processes", "image")
_PROCESS: dict[str, Read] = {
    "proc.pid": _number("processes", "pid"),
    "proc.pid.ts": _number("processes", "start"),
    "proc.end.ts": _number("processes", "end"),
    "proc.ppid": _number("processes", "ppid"),
    "proc.last.ppid": _through(("processes", "last_parent"), _number("processes", "pid")),
    "proc.last.pname": _through(
        ("processes", "last_parent"), _through(("processes", "image"), _text("images", "comm"))
    ),
    "proc.sid": _number("processes", "sid"),
    "proc.exit.code": _number("processes", "exit_code"),
    "proc.exit.signal": _number("processes", "exit_signal"),
    "proc.nthreads": _threads_of,
    "user.uid": _number("processes", "uid"),
    "user.name": _user_name,
    "proc.name": _through(_IMAGE, _text("images", "comm")),
    "proc.exe": _through(_IMAGE, _text("images", "exe")),
    "proc.exepath": _through(_IMAGE, _text("images", "exepath")),
    "proc.cmdline": _through(_IMAGE, _text("images", "cmdline")),
    "proc.exeline": _through(_IMAGE, _exe_line),
    "proc.script": _through(_IMAGE, _text("images", "script")),
    "proc.exe_sha256": _through(_IMAGE, _text("images", "sha256")),
    "proc.pname": _through(("processes", "parent"), _through(_IMAGE, _text("images", "comm"))),
    "evt.hostname": _through(("processes", "host"), _HOST["evt.hostname"]),
} | {name: _through(("processes", "container"), cells) for name, cells in _CONTAINER.items()}
_CONTAINER["evt.hostname"] = _through(("containers", "host"), _HOST["evt.hostname"])
_PROGRAM: dict[str, Read] = {
    "proc.exepath": _text("images", "exepath"),
    "proc.exe_sha256": _text("images", "sha256"),
    "proc.exe_dev": _number("images", "dev"),
    "proc.exe_ino": _number("images", "ino"),
}
_THREAD: dict[str, Read] = {
    "thread.tid": _number("threads", "tid"),
    "thread.ts": _number("threads", "start"),
    "thread.end.ts": _number("threads", "end"),
} | {name: _through(("threads", "process"), cells) for name, cells in _PROCESS.items()}
_DESCRIPTOR: dict[str, Read] = {
    "fd.name": _text("descriptors", "name"),
    "fd.type": _text("descriptors", "type"),
    "fd.ino": _number("descriptors", "ino"),
    "fd.dev": _number("descriptors", "dev"),
    "fd.l4proto": _text("descriptors", "l4proto"),
    "fd.lip": _text("descriptors", "laddr"),
    "fd.lport": _number("descriptors", "lport"),
    "fd.rip": _text("descriptors", "raddr"),
    "fd.rport": _number("descriptors", "rport"),
    "fd.role": _text("descriptors", "role"),
    "fd.sport": _server_port,
    "evt.hostname": _through(("descriptors", "host"), _HOST["evt.hostname"]),
}


def _of_channel(pointer: str, of: Read) -> Read:
    """A property of what a column of the channels points to."""

    def read(frames: CaptureFrames) -> Cells:
        return of(frames).take_known(channels(frames).table[pointer].to_numpy())

    return read


_CHANNEL: dict[str, Read] = {
    **{name: _of_channel("process", cells) for name, cells in _PROCESS.items()},
    **{name: _of_channel("descriptor", cells) for name, cells in _DESCRIPTOR.items()},
    "fd.peer.pid": _of_channel("peer", _PROCESS["proc.pid"]),
    "fd.peer.ts": _of_channel("peer", _PROCESS["proc.pid.ts"]),
    "fd.peer.name": _of_channel("peer", _PROCESS["proc.name"]),
    "fd.peer.hostname": _of_channel("peer", _PROCESS["evt.hostname"]),
    "fd.peer.container.id": _of_channel("peer", _PROCESS["container.id"]),
    "fd.peer.container.name": _of_channel("peer", _PROCESS["container.name"]),
}


def _host_of_events(frames: CaptureFrames) -> np.ndarray:
    found: np.ndarray = np.broadcast_to(event_hosts(frames), len(frames.events))
    return found


_PROCESS_LIVES = _lifetime("processes", "start", "end")
_THREAD_LIVES = _lifetime("threads", "start", "end")
_CONTAINER_LIVES = _lifetime("containers", "birth", "death")

ENTITIES: Mapping[str, Entity] = MappingProxyType(
    {
        "process": Entity("process", lambda frames: frames.processes, _PROCESS, _PROCESS_LIVES),
        "thread": Entity("thread", lambda frames: frames.threads, _THREAD, _THREAD_LIVES),
        "container": Entity("container", lambda frames: frames.containers, _CONTAINER, _CONTAINER_LIVES),
        "host": Entity("", lambda frames: frames.hosts, _HOST, pointer=_host_of_events),
        "image": Entity("image", lambda frames: frames.images, _PROGRAM),
        "descriptor": Entity("descriptor", lambda frames: frames.descriptors, _DESCRIPTOR),
        "channel": Entity(
            "",
            lambda frames: channels(frames).table,
            _CHANNEL,
            pointer=lambda frames: channels(frames).of_event,
        ),
    }
)


def entity_cells(entity: str, field: str, frames: CaptureFrames) -> Cells:
    """A field of every row of an entity's table; read once for each capture."""
    return remember(frames, ("entity", entity, field), lambda: ENTITIES[entity].fields[field](frames))


def field_cells(field: str, frames: CaptureFrames, rows: np.ndarray | slice) -> Cells:
    """A field of the filter language, one cell for each of the events.

    All are missing where the capture cannot provide the field.
    """
    if field == NUMBER:
        numbers = np.arange(len(frames.events))[rows] if isinstance(rows, slice) else rows.astype(np.int64)
        return number_cells(numbers + 1)
    declared, argument = declared_field(field)
    try:
        column = declared.column_at(frames, argument, rows)
    except NotEvaluableError:
        return Cells(np.empty(0, dtype=object), np.full(len(frames.events), -1, dtype=np.int32)[rows])
    if column.codes is None:
        return number_cells(column.values, missing=column.missing)
    return Cells(column.values, column.codes)


def is_event_field(field: str) -> bool:
    """Whether the filter language knows the field."""
    try:
        declared_field(field)
    except KeyError:
        return False
    return True


@lru_cache(maxsize=1_024)
def declared_field(field: str) -> tuple[Field, str]:
    """The field and its argument: `evt.arg.sig` is `sig` of `evt.arg`. KeyError for what is no field."""
    if field in FIELDS:
        return FIELDS[field], ""
    try:
        (operand,) = parse(f"{field} exists").fields()
    except (FilterError, ValueError) as error:
        raise KeyError(field) from error
    return operand.field, operand.argument
