"""Which pages a row leads to: what its key names, or what its event happened to."""

from __future__ import annotations

from collections.abc import Mapping

from inspect_app.analysis.subject import (
    HOST,
    Kind,
    Subject,
    connection_subject,
    container_subject,
    host_name,
    process_subject,
    thing_subject,
)
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.cells import Value
from inspect_app.views.table import ViewTable
from inspect_app.views.view import Kind as RowKind


def subjects_of_row(frames: CaptureFrames, table: ViewTable, row: int) -> tuple[Subject, ...]:
    """The subjects that a row of a view is about, the nearest first."""
    event = int(table.last[row])
    if table.view.kind is RowKind.LIST and event >= 0:
        return subjects_of_event(frames, event)
    named = _named(table.row_key(row))
    if named is None:
        return ()
    if named.kind is Kind.PROCESS and event >= 0:
        container = int(frames.events["container"].to_numpy()[event])
        return (named, container_subject(frames, container)) if container >= 0 else (named,)
    return (named,)


def subjects_of_event(frames: CaptureFrames, row: int) -> tuple[Subject, ...]:
    """The process, the container, and the file or connection of an event, as far as they are known."""
    process, container, thing = (
        int(frames.events[name].to_numpy()[row]) for name in ("process", "container", "descriptor")
    )
    known = [process_subject(frames, process)] if process >= 0 else []
    if thing >= 0:
        found = thing_subject(frames, thing, container)
        known += [found] if found is not None else []
    if container >= 0:
        known.append(container_subject(frames, container))
    return tuple(known)


def _named(key: Mapping[str, Value]) -> Subject | None:
    pid, container, name = key.get("proc.pid"), key.get("container.id"), key.get("fd.name")
    if container == HOST and key.get("evt.hostname"):
        container = host_name(str(key["evt.hostname"]))
    if pid is not None:
        start = key.get("proc.pid.ts")
        return Subject(Kind.PROCESS, f"{pid}@{start}" if start is not None else str(pid))
    if name and "fd.l4proto" in key:
        inode = key.get("fd.ino")
        return connection_subject(
            str(key["fd.l4proto"] or ""), str(name), -1 if inode is None else int(inode)
        )
    if name:
        return Subject(Kind.FILE, f"{container or ''}:{name}")
    return Subject(Kind.CONTAINER, str(container)) if container and "fd.name" not in key else None
