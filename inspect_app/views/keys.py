"""What makes the rows of a table: the distinct values of a few fields, or of an entity's identity.

    key   ::=  part+
    part  ::=  field+  [entity]

A row's condition names exactly the fields of its key, so the events it selects are those that
were counted in it. Events that lack a value make a row of their own: nothing falls out of a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from inspect_app.analysis.selection import TimeRange
from inspect_app.filters.cache import remember
from inspect_app.filters.entities import event_hosts
from inspect_app.filters.expression import quote
from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.aggregation import combine, first_by
from inspect_app.views.cells import Cells, Value
from inspect_app.views.entities import ENTITIES, entity_cells, field_cells


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


@dataclass(frozen=True)
class Groups:
    """Selected events, each told to which row it belongs."""

    key: Key
    codes: np.ndarray
    """Integer, one a selected event: its group."""
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


def group_events(
    key: Key, frames: CaptureFrames, rows: np.ndarray | slice, window: TimeRange | None
) -> Groups:
    """Tell of each selected event to which row of the key it belongs.

    Args:
        key: What makes the rows.
        frames: The capture.
        rows: Selected events, ascending.
        window: Entities that lived in it get a row even without events, if the key says so. None:
            only those with events.
    """
    numbered = [_number_part(part, frames, rows) for part in key.parts]
    if len(numbered) == 1:
        part = numbered[0]
        return Groups(
            key, part.codes, part.count, part.attribute, _alive(key, frames, part, window), part.groups
        )
    codes, count = combine([(part.codes, part.count) for part in numbered])
    sample = first_by(codes, np.arange(len(codes)), count)

    def attribute(name: str) -> Cells | None:
        for part in numbered:
            cells = part.attribute(name)
            if cells is not None:
                return cells.take(part.codes[sample])
        return None

    return Groups(key, codes, count, attribute, np.zeros(count, dtype=bool))


@dataclass(frozen=True, slots=True)
class _Numbered:
    codes: np.ndarray
    count: int
    attribute: Attribute
    groups: np.ndarray | None = None
    """Group of each row of the entity's table."""


def _number_part(part: Part, frames: CaptureFrames, rows: np.ndarray | slice) -> _Numbered:
    return _number_entities(part, frames, rows) if part.entity else _number_values(part, frames, rows)


def _number_entities(part: Part, frames: CaptureFrames, rows: np.ndarray | slice) -> _Numbered:
    """Rows of an entity's table that agree in the key's fields are one group.

    What points to none is the last group, or where the key tells hosts apart, the last for each host.
    """
    entity = ENTITIES[part.entity]
    size = len(entity.table(frames))
    pointers = entity.rows(frames)[rows]
    groups, count = remember(frames, ("groups of", part), lambda: _group_entities(part, frames, size))
    on_hosts = HOSTNAME in part.fields and part.entity != "host"
    strays = len(frames.hosts) if on_hosts else 1
    # The last entity of a group speaks for it; the group of -1 has no entity, so no field either.
    spokesman = np.full(count + strays, -1)
    spokesman[groups] = np.arange(size)

    def attribute(name: str) -> Cells | None:
        if name not in entity.fields:
            return None
        cells = entity_cells(part.entity, name, frames).take_known(spokesman)
        if name != HOSTNAME or not on_hosts:
            return cells
        hosts = np.append(np.full(count, -1), np.arange(strays))
        return cells.either(entity_cells("host", HOSTNAME, frames).take_known(hosts))

    codes = np.append(groups, count)[pointers]
    if on_hosts:
        codes = np.where(pointers < 0, count + event_hosts(frames, rows), codes)
    return _Numbered(codes, count + strays, attribute, groups)


def _group_entities(part: Part, frames: CaptureFrames, size: int) -> tuple[np.ndarray, int]:
    """The group of each row of the entity's table, whatever is selected."""
    if not size:
        return np.zeros(0, dtype=np.int64), 0
    return combine([_codes(entity_cells(part.entity, name, frames)) for name in part.fields])


def _number_values(part: Part, frames: CaptureFrames, rows: np.ndarray | slice) -> _Numbered:
    """Events that agree in the fields' values are one group."""
    columns = {name: field_cells(name, frames, rows) for name in part.fields}
    codes, count = combine([_codes(column) for column in columns.values()])
    sample = first_by(codes, np.arange(len(codes)), count)

    def attribute(name: str) -> Cells | None:
        return columns[name].take_known(sample) if name in columns else None

    return _Numbered(codes, count, attribute)


def _codes(cells: Cells) -> tuple[np.ndarray, int]:
    """Cells as codes 0 …, a missing cell as a code of its own."""
    codes, count = (cells.codes, len(cells.values)) if cells.codes is not None else (None, 0)
    if codes is None:
        codes, values = pd.factorize(cells.values)
        count = len(values)
    return np.where(cells.absent(), count, codes), count + 1


def _alive(key: Key, frames: CaptureFrames, part: _Numbered, window: TimeRange | None) -> np.ndarray:
    alive = np.zeros(part.count, dtype=bool)
    entity = ENTITIES.get(key.parts[0].entity)
    if window is None or not key.keeps_idle or entity is None or entity.lived is None or part.groups is None:
        return alive
    start, end = entity.lived(frames)
    lived = (start < window.end_ns) & ((end < 0) | (end >= window.start_ns))
    alive[part.groups[lived]] = True
    return alive
