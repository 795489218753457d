"""What makes the rows of a table: the distinct values of a few fields, or of an entity's identity.

    key   ::=  part+
    part  ::=  field+  [entity]

A row's condition names exactly the fields of its key, so the events it selects are those that
were counted in it. Events that lack a value make a row of their own: nothing falls out of a table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from capture.format.joins import last_of_each
from inspect_app.analysis.selection import TimeRange
from inspect_app.filters.cache import Recent, remember
from inspect_app.filters.entities import event_hosts
from inspect_app.filters.expression import quote
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.aggregation import combine
from inspect_app.views.cells import Cells, Value
from inspect_app.views.coded import Rows, coded_field, looked_up
from inspect_app.views.entities import ENTITIES, entity_cells


@dataclass(frozen=True, slots=True)
class Part:
    """Fields that are told together: of one entity, or of the event itself."""

    fields: tuple[str, ...]
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """What makes the rows of a table."""

    id: str
    parts: tuple[Part, ...]
    label: tuple[str, ...]
    """The fields that name a row to people: the first, and the others in brackets."""
    keeps_idle: bool = False
    """Whether an entity that lived in the window has a row without any event."""
    of_host: bool = False
    """Whether a row is of one host: the same values on two hosts make two rows, see `views.hosts`."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields whose values make a row, in the order of its condition."""
        return tuple(name for part in self.parts for name in part.fields)


HOSTNAME = "evt.hostname"
_CONTAINER = Part(("container.id",), "container")
_EXECUTABLE = ("proc.exepath", "proc.exe_dev", "proc.exe_ino", "proc.exe_sha256")
_PORT = ("fd.sport", "fd.l4proto")

KEYS: Mapping[str, Key] = MappingProxyType(
    {
        key.id: key
        for key in (
            Key(
                "process",
                (Part(("proc.pid", "proc.pid.ts"), "process"),),
                ("proc.name", "proc.pid"),
                True,
                True,
            ),
            Key(
                "thread",
                (Part(("thread.tid", "proc.pid", "proc.pid.ts"), "thread"),),
                ("proc.name", "thread.tid"),
                True,
                True,
            ),
            Key("container", (_CONTAINER,), ("container.name", "container.id"), True, True),
            Key("file", (Part(("fd.name",), "descriptor"), _CONTAINER), ("fd.name",), of_host=True),
            Key(
                "connection",
                (Part(("fd.name", "fd.l4proto", "fd.ino"), "descriptor"),),
                ("fd.name",),
                of_host=True,
            ),
            Key("program", (Part(("proc.exepath",)), _CONTAINER), ("proc.exepath",), of_host=True),
            Key("executable", (Part(_EXECUTABLE, "image"),), ("proc.exepath",)),
            Key("image", (Part(("container.image",)),), ("container.image",)),
            Key("syscall", (Part(("evt.type",)),), ("evt.type",)),
            Key("error", (Part(("evt.res",)),), ("evt.res",)),
            Key("directory", (Part(("fd.directory",)), _CONTAINER), ("fd.directory",), of_host=True),
            Key("fdtype", (Part(("fd.type",)),), ("fd.type",)),
            Key("port", (Part(_PORT),), _PORT),
            Key("peer", (Part(("fd.rip",)),), ("fd.rip",)),
            Key("user", (Part(("user.uid",)),), ("user.uid",), of_host=True),
            Key("category", (Part(("evt.category",)),), ("evt.category",)),
            Key("http_host", (Part(("http.host",)),), ("http.host",)),
            Key("dns_name", (Part(("dns.name",)),), ("dns.name",)),
            Key("tls_name", (Part(("tls.sni",)),), ("tls.sni",)),
            Key(
                "talk",
                (
                    Part(
                        (
                            "proc.pid",
                            "proc.pid.ts",
                            "fd.peer.pid",
                            "fd.peer.ts",
                            "fd.type",
                            "fd.rip",
                            "fd.sport",
                        ),
                        "channel",
                    ),
                ),
                ("proc.name", "fd.peer.pid", "fd.rip"),
                of_host=True,
            ),
            Key("pod", (Part(("k8s.ns.name", "k8s.pod.name")),), ("k8s.pod.name", "k8s.ns.name")),
            Key(
                "controller",
                (Part(("k8s.ns.name", "k8s.controller.kind", "k8s.controller.name")),),
                ("k8s.controller.name", "k8s.controller.kind"),
            ),
            Key(
                "deployment",
                (Part(("k8s.ns.name", "k8s.deployment.name")),),
                ("k8s.deployment.name", "k8s.ns.name"),
            ),
            Key("replicaset", (Part(("k8s.ns.name", "k8s.rs.name")),), ("k8s.rs.name", "k8s.ns.name")),
            Key("service", (Part(("k8s.ns.name", "k8s.app.name")),), ("k8s.app.name", "k8s.ns.name")),
            Key(
                "session",
                (Part(("proc.sid", "proc.tty", "user.loginuid")),),
                ("proc.sid", "user.loginuid"),
                of_host=True,
            ),
            Key("latency", (Part(("evt.latency.quantized",)),), ("evt.latency.quantized",)),
            Key("host", (Part(("evt.hostname",), "host"),), ("evt.hostname",)),
            Key("namespace", (Part(("k8s.ns.name",)),), ("k8s.ns.name",)),
        )
    }
)


Attribute = Callable[[str], Cells | None]
"""The cells of a field, one for each group; None where the key does not tell that field."""

_FEW_PAIRS = 1 << 18
"""Up to so many combinations each is a group, whether it occurs or not."""
_KEPT_COMBINED = 2
"""Keys of more combinations whose groups are kept, four bytes an event."""


@dataclass(frozen=True)
class Groups:
    """Selected events, each told to which row it belongs."""

    key: Key
    codes: np.ndarray
    """int32, one a selected event: its group."""
    count: int
    attribute: Attribute
    alive: np.ndarray
    """bool, one a group: lived within the window, events or not."""
    members: np.ndarray | None = None
    """Group of each row of the entity's table, where the key is one entity's."""

    def condition(self, group: int) -> str:
        """The filter that selects exactly this group's events."""
        return " and ".join(condition_of(name, self.value(name, group)) for name in self.key.fields)

    def value(self, name: str, group: int) -> Value:
        """What a group has in a field of the key; None where it is missing."""
        cells = self.attribute(name)
        return None if cells is None else cells.at(group)


def condition_of(name: str, value: Value) -> str:
    """`name = value` in the filter language; a missing value is one that does not exist."""
    return f"not {name} exists" if value is None else f"{name} = {_literal(value)}"


def _literal(value: int | float | bool | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quote(value) if isinstance(value, str) else str(value)


def group_events(key: Key, frames: CaptureFrames, rows: Rows, window: TimeRange | None) -> Groups:
    """Tell of each selected event to which row of the key it belongs.

    Args:
        key: What makes the rows.
        frames: The capture.
        rows: Selected events, ascending.
        window: Entities that lived in it get a row even without events, if the key says so. None:
            only those with events.
    """
    axes = [axis for part in key.parts for axis in _axes_of(part, frames)]
    if len(axes) == 1:
        axis = axes[0]
        everyone = np.arange(axis.count)
        alive = _alive(key, frames, axis, window)
        return Groups(
            key, axis.of(rows), axis.count, lambda name: axis.told(name, everyone), alive, axis.members
        )
    codes, numbers = _combined(key, frames, axes, rows)
    count = len(numbers[0])

    def attribute(name: str) -> Cells | None:
        for axis, at in zip(axes, numbers, strict=True):
            cells = axis.told(name, at)
            if cells is not None:
                return cells
        return None

    return Groups(key, codes, count, attribute, np.zeros(count, dtype=bool))


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """Numbers for one field of the key, or for the entities that agree in some."""

    numbers: np.ndarray
    """int32: row → number; the last is for the row -1."""
    pointer: np.ndarray
    """Event → row."""
    count: int
    told: Callable[[str, np.ndarray], Cells | None]
    """A field's cells for some numbers; None: it tells nothing of that field."""
    members: np.ndarray | None = None
    """The number of each row of the entity's table."""
    host: Callable[[Rows], np.ndarray] | None = None
    """The host of each event, where the row -1 is another number on each."""

    def of(self, rows: Rows) -> np.ndarray:
        """int32, one for each of the events."""
        numbers = looked_up(self.numbers, self.pointer, rows)
        if self.host is not None:
            lost = np.flatnonzero(numbers == self.numbers[-1])
            numbers[lost] += self.host(rows)[lost]
        return numbers


def _axes_of(part: Part, frames: CaptureFrames) -> list[_Axis]:
    if part.entity:
        return [_entity_axis(part, frames)]
    return [_field_axis(name, frames) for name in part.fields]


def _field_axis(name: str, frames: CaptureFrames) -> _Axis:
    coded = coded_field(name, frames)
    return _Axis(
        coded.numbers,
        coded.pointer,
        coded.count,
        lambda asked, numbers: coded.told(numbers) if asked == name else None,
    )


def _entity_axis(part: Part, frames: CaptureFrames) -> _Axis:
    """Rows of an entity's table that agree in the key's fields are one.

    What points to none is the last one, or where the key tells hosts apart, the last for each host.
    """
    entity = ENTITIES[part.entity]
    size = len(entity.table(frames))
    groups, count = remember(frames, ("groups of", part), lambda: _group_entities(part, frames, size))
    on_hosts = HOSTNAME in part.fields and part.entity != "host" and len(frames.hosts) > 1
    strays = len(frames.hosts) if on_hosts else 1
    # The last entity of a group speaks for it; the group of -1 has no entity, so no field either.
    spokesman = np.full(count + strays, -1)
    spokesman[groups] = np.arange(size)

    def told(name: str, numbers: np.ndarray) -> Cells | None:
        if name not in entity.fields:
            return None
        cells = entity_cells(part.entity, name, frames).take_known(spokesman[numbers])
        if name != HOSTNAME or not on_hosts:
            return cells
        hosts = np.where(numbers < count, -1, numbers - count)
        return cells.either(entity_cells("host", HOSTNAME, frames).take_known(hosts))

    return _Axis(
        np.append(groups, count).astype(np.int32),
        entity.rows(frames),
        count + strays,
        told,
        groups,
        (lambda rows: event_hosts(frames, rows)) if on_hosts else None,
    )


def _group_entities(part: Part, frames: CaptureFrames, size: int) -> tuple[np.ndarray, int]:
    """The group of each row of the entity's table, whatever is selected."""
    if not size:
        return np.zeros(0, dtype=np.int64), 0
    return combine([_codes(entity_cells(part.entity, name, frames)) for name in part.fields])


def _codes(cells: Cells) -> tuple[np.ndarray, int]:
    """Cells as codes 0 …, a missing cell as a code of its own."""
    codes, count = (cells.codes, len(cells.values)) if cells.codes is not None else (None, 0)
    if codes is None:
        codes, values = pd.factorize(cells.values)
        count = len(values)
    return np.where(cells.absent(), count, codes), count + 1


def _combined(
    key: Key, frames: CaptureFrames, axes: Sequence[_Axis], rows: Rows
) -> tuple[np.ndarray, list[np.ndarray]]:
    """The group of each selected event, and of each group the number on every axis."""
    if math.prod(axis.count for axis in axes) <= _FEW_PAIRS:
        codes = axes[0].of(rows)
        for axis in axes[1:]:
            codes *= axis.count
            codes += axis.of(rows)
        return codes, list(np.indices([axis.count for axis in axes]).reshape(len(axes), -1))
    kept: Recent[tuple[str, ...], tuple[np.ndarray, list[np.ndarray]]] = remember(
        frames, "combined keys", lambda: Recent(_KEPT_COMBINED)
    )
    found = kept.get(key.fields)
    if found is None:
        every = slice(0, len(frames.events))
        parts = [(axis.of(every), axis.count) for axis in axes]
        codes, count = combine(parts)
        sample = last_of_each(codes, count)
        found = codes.astype(np.int32, copy=False), [numbers[sample] for numbers, _ in parts]
        kept.put(key.fields, found)
    return found[0][rows], found[1]


def _alive(key: Key, frames: CaptureFrames, axis: _Axis, window: TimeRange | None) -> np.ndarray:
    alive = np.zeros(axis.count, dtype=bool)
    entity = ENTITIES.get(key.parts[0].entity)
    if window is None or not key.keeps_idle or entity is None or entity.lived is None or axis.members is None:
        return alive
    start, end = entity.lived(frames)
    lived = (start < window.end_ns) & ((end < 0) | (end >= window.start_ns))
    alive[axis.members[lived]] = True
    return alive
