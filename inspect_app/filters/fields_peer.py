"""Fields of who is at the other end of a connection, unix socket or pipe, where both ends were recorded."""

from __future__ import annotations

import numpy as np

from inspect_app.filters.entities import entity_text, event_rows
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, distinct, look_up
from inspect_app.filters.field import Compute, Field, FieldType
from inspect_app.filters.transfers import peer_process, peers
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.peers import HOWS


def _number(column: str) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        values = frames.processes[column].to_numpy()
        return (NumberFacet(values, values < 0, peer_process(frames)),)

    return compute


def _through(entity: str, column: str) -> Compute:
    """A text of the row that the peer's process points to."""

    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        facet = entity_text(frames, entity, column)
        rows = frames.processes[entity].to_numpy()
        codes = rows if facet.codes is None else look_up(facet.codes, rows, missing=-1)
        return (TextFacet(facet.values, codes, peer_process(frames)),)

    return compute


def _container(frames: CaptureFrames, _argument: str) -> Facets:
    names = zip(frames.containers["name"].tolist(), frames.is_host.tolist(), strict=True)
    codes, values = distinct("host" if is_host else name or None for name, is_host in names)
    rows = frames.processes["container"].to_numpy()
    return (TextFacet(values, look_up(codes, rows, missing=-1), peer_process(frames)),)


def _host(frames: CaptureFrames, _argument: str) -> Facets:
    codes, values = distinct(name or None for name in frames.hosts["hostname"])
    hosts = look_up(codes, frames.processes["host"].to_numpy(), missing=-1)
    return (TextFacet(values, hosts, peer_process(frames)),)


def _how(frames: CaptureFrames, _argument: str) -> Facets:
    return (TextFacet(HOWS, peers(frames).how.astype(np.int64), event_rows(frames, "descriptor")),)


PEER_FIELDS = (
    Field(
        "fd.peer.how",
        FieldType.TEXT,
        "Known by",
        "how the other end is known: its addresses, the order of connects, a socketpair, a pipe shared",
        _how,
        choices=HOWS,
    ),
    Field(
        "fd.peer.pid",
        FieldType.INTEGER,
        "Peer's PID",
        "process id of who is at the other end, as the host sees it",
        _number("pid"),
    ),
    Field(
        "fd.peer.ts",
        FieldType.TIME,
        "Peer's start",
        "when the process at the other end was created",
        _number("start"),
    ),
    Field(
        "fd.peer.name",
        FieldType.TEXT,
        "Peer's program",
        "the kernel's name of the program at the other end",
        _through("image", "comm"),
    ),
    Field(
        "fd.peer.container.id",
        FieldType.TEXT,
        "Peer's container",
        "container of who is at the other end: 12 digits, or host",
        _through("container", "id"),
    ),
    Field(
        "fd.peer.container.name",
        FieldType.TEXT,
        "Peer's container",
        "the same by the name that its runtime gave it; host outside of containers",
        _container,
    ),
    Field(
        "fd.peer.hostname",
        FieldType.TEXT,
        "Peer's host",
        "name of the recorded host that the other end is on",
        _host,
    ),
)
