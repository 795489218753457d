"""Several opened captures as one: their frames laid end to end, what they have in common once.

    hosts        one a machine; every thing of a host has its row
    clock        times are UTC by each host's own clock; recordings of one boot follow the first one's
    events       in order of time; of recordings of one boot that overlap, each event once
    processes    the same host, pid and start are one; so are their threads
    containers   the same host and id
    descriptors  the same host, name, device and inode

What columns point to and which of them are times is read from their declaration, not listed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from capture.format.joins import taken
from inspect_app.frames.capture import CaptureFrames, FileState
from inspect_app.frames.columns import TABLES, FrameColumn
from inspect_app.frames.overlaps import Overlap, overlaps
from inspect_app.frames.recordings import host_key
from inspect_app.frames.sameness import Sameness, sameness
from inspect_app.frames.tables import build_table
from inspect_app.frames.united_source import UnitedSource

_TIME, _ROW, _POSITION = "ns since 1970 UTC", "row of ", "position in "
_TEXTS = ("paths", "environments")
_OTHER_CLOCKS = frozenset({"exe_mtime", "exe_ctime", "created"})
"""Times by a clock that steps: those of file systems and runtimes."""
_SORTED_BY = {"samples": "time", "counted": "last", "drops": "time"}
_LAST = {
    "processes": ("end", "exit_code", "exit_signal", "image", "last_parent"),
    "threads": ("end",),
    "containers": ("death", "exit_code"),
}
"""What the last recording of a thing tells of it. Of all else, the first that knows it."""
_AT_FIRST = (
    "existed",
    "gid",
    "pgid",
    "nspid",
    "cap_permitted",
    "cap_effective",
    "host",
    "birth",
    "fd_limit",
    "cgroups",
)
"""What is told of the beginning of a recording: the first one's, known or not."""
_SUMS = {"containers": ("starts", "oom_kills")}
_TELL_STARTS = ("procfork", "procexit")
"""Events whose third argument is when a thread began."""
_NAMED = 3
"""Captures that the name of all of them has."""
_WORST = ("altered", "cut short", "unfinished", "whole")


def unite(parts: Sequence[CaptureFrames]) -> CaptureFrames:
    """The frames of several captures, each of one recording, as those of one.

    Memory: that of all events twice, one column at a time.
    """
    parts = sorted(parts, key=_begin)
    keys = [host_key(part.host) for part in parts]
    names = list(dict.fromkeys(keys))
    host_of = [names.index(key) for key in keys]
    found = overlaps(parts)
    same = sameness(parts, host_of, found)
    laid = _Laid(parts, found, same, host_of, _joined(parts, "paths"), _joined(parts, "environments"))
    tables = {name: laid.table(name) for name in TABLES if name not in ("events", "hosts", "recordings")}
    firsts = [parts[host_of.index(row)] for row in range(len(names))]
    hosts = pd.concat([part.hosts for part in firsts], ignore_index=True)
    own = [same.of("containers", host_of.index(row)) for row in range(len(names))]
    hosts["container"] = np.array([int(of[0]) for of in own], np.int32)
    hosts["hostname"] = _told_apart(hosts["hostname"].tolist())
    return CaptureFrames(
        path=_path(parts),
        host=_host(parts, len(names)),
        state=_state(parts),
        events=laid.events(),
        source=UnitedSource(
            [part.source for part in parts],
            [len(part.events) for part in parts],
            found.rows,
            _starts(parts, found),
        ),
        paths=laid.texts["paths"].every,
        environments=laid.texts["environments"].every,
        hosts=hosts,
        recordings=_recordings(parts, host_of, found),
        **tables,
    )


@dataclass(frozen=True, eq=False)
class _Texts:
    """Texts of all captures, each once."""

    every: list[Any]
    places: list[np.ndarray]
    """Of each capture: its positions → positions in `every`, and -1 at the end."""


def _joined(parts: Sequence[CaptureFrames], name: str) -> _Texts:
    known: dict[Any, int] = {}
    places = [
        np.array([*(known.setdefault(text, len(known)) for text in getattr(part, name)), -1], np.int64)
        for part in parts
    ]
    return _Texts(list(known), places)


class _Laid:
    """Tables of all captures laid end to end, with what they point to and their times put right."""

    def __init__(
        self,
        parts: Sequence[CaptureFrames],
        found: Overlap,
        same: Sameness,
        host_of: Sequence[int],
        *texts: _Texts,
    ) -> None:
        self._parts, self._found, self._same, self._host_of = parts, found, same, host_of
        self.texts = dict(zip(_TEXTS, texts, strict=True))

    def events(self) -> pd.DataFrame:
        """All events, each once, in order of time."""
        rows = self._found.rows
        is_whole = len(rows) == sum(len(part.events) for part in self._parts) and bool(
            (rows[1:] > rows[:-1]).all()
        )
        data: dict[str, Any] = {}
        for column in TABLES["events"]:
            every = (
                _categories([part.events[column.name] for part in self._parts])
                if column.dtype == "category"
                else np.concatenate(list(self._values("events", column)))
            )
            data[column.name] = every if is_whole else every[rows]
        return build_table(TABLES["events"], data)

    def table(self, name: str) -> pd.DataFrame:
        """Another table: what is the same in several captures once."""
        data: dict[str, Any] = {}
        merged = self._same.rows.get(name)
        for column in TABLES[name]:
            if column.dtype == "category":
                data[column.name] = _categories([getattr(part, name)[column.name] for part in self._parts])
                continue
            every = np.concatenate(list(self._values(name, column)))
            data[column.name] = every if merged is None else self._combined(name, column, every)
        if name == "opened":
            data["listed"] = self._listed(data["process"])
        frame = build_table(TABLES[name], data)
        if merged is not None:
            return frame
        kept = self._found.kept(name, self._parts)
        frame = frame if kept.all() else frame[kept].reset_index(drop=True)
        by = _SORTED_BY.get(name)
        return frame.sort_values(by, kind="stable", ignore_index=True) if by else frame

    def _listed(self, processes: np.ndarray) -> np.ndarray:
        """When a later recording listed what a process held that an earlier one knew already, else -1."""
        rows = self._same.rows["processes"]
        began = [
            int(part.recordings["started"].iloc[0]) + shift
            for part, shift in zip(self._parts, self._found.shifts, strict=True)
        ]
        part = np.repeat(np.arange(len(self._parts)), [len(one.opened) for one in self._parts])
        first = np.searchsorted(self._same.starts["processes"], taken(rows.first, processes), "right") - 1
        return np.where((processes >= 0) & (first < part), np.array(began, np.int64)[part], -1)

    def _values(self, table: str, column: FrameColumn) -> Iterator[np.ndarray]:
        for at, part in enumerate(self._parts):
            values = getattr(part, table)[column.name].to_numpy()
            if column.name == "host":
                yield np.full(len(values), self._host_of[at], np.int32)
            elif column.unit.startswith(_ROW):
                target = self._same.of(column.unit.removeprefix(_ROW), at)
                yield taken(target, values).astype(column.dtype, copy=False)
            elif column.unit.removeprefix(_POSITION) in self.texts:
                place = self.texts[column.unit.removeprefix(_POSITION)].places[at]
                yield taken(place, values).astype(column.dtype, copy=False)
            elif column.unit == _TIME and column.name not in _OTHER_CLOCKS and self._found.shifts[at]:
                yield np.where(values < 0, values, values + self._found.shifts[at])
            else:
                yield values

    def _combined(self, name: str, column: FrameColumn, values: np.ndarray) -> np.ndarray:
        """One value for each thing out of those that the captures have."""
        rows = self._same.rows[name]
        if rows.is_each_alone:
            return values
        result: np.ndarray = values[rows.first]
        if column.name in _SUMS.get(name, ()):
            result = np.zeros_like(result)
            np.add.at(result, rows.of, values)
        elif column.name in _LAST.get(name, ()):
            result[rows.of] = values
        elif (name, column.name) == ("descriptors", "last"):
            np.maximum.at(result, rows.of, values)
        elif column.name not in _AT_FIRST:
            known = np.flatnonzero(values != "" if column.dtype == "str" else values >= 0)[::-1]
            result[rows.of[known]] = values[known]
        if (name, column.name) == ("processes", "end"):
            result = np.where(result < 0, self._same.gone_by, result)
        return result


def _categories(columns: Sequence[pd.Series]) -> pd.Categorical:
    """Columns end to end under one dictionary."""
    names = list(dict.fromkeys(name for column in columns for name in column.cat.categories))
    place = {name: at for at, name in enumerate(names)}
    codes = [
        np.array([*(place[name] for name in column.cat.categories), -1], np.int16)[
            column.cat.codes.to_numpy()
        ]
        for column in columns
    ]
    return pd.Categorical.from_codes(np.concatenate(codes), pd.Index(names, dtype="str"), validate=False)


def _recordings(parts: Sequence[CaptureFrames], host_of: Sequence[int], found: Overlap) -> pd.DataFrame:
    every = pd.concat([part.recordings for part in parts], ignore_index=True)
    shifts = np.array(found.shifts, np.int64)
    return every.assign(
        host=np.array(host_of, np.int32),
        events=every["events"] - found.left_out,
        left_out=found.left_out,
        correction=shifts,
        started=every["started"] + shifts,
        ended=every["ended"] + shifts,
    )


def _host(parts: Sequence[CaptureFrames], hosts: int) -> dict[str, object]:
    """What is said of all of them together; the rest is the first one's."""
    sections = [part.host for part in parts]
    told: dict[str, object] = dict(sections[0])
    for name in ("hostname", "kernel", "os", "machine", "recorder", "boot_id"):
        texts = dict.fromkeys(str(section[name]) for section in sections if section.get(name))
        told[name] = ", ".join(texts)
    told["started_ns"] = min(int(str(section["started_ns"])) for section in sections)
    told["ended_ns"] = max(int(str(section["ended_ns"])) for section in sections)
    told["part"] = f"{len(parts)} captures of {hosts} host{'s' * (hosts > 1)}"
    told["digests"] = [digest for section in sections for digest in _listed(section.get("digests"))]
    told["provenance"] = [
        (title, f"{_name(part)}: {text}")
        for part in parts
        for title, text in _listed(part.host.get("provenance"))
    ]
    told["totals"] = {} if any(not section.get("totals") for section in sections) else told["totals"]
    return told


def _told_apart(names: Sequence[str]) -> list[str]:
    """The second of a name is called `name#2`."""
    return [
        f"{name}#{names[:at].count(name) + 1}" if name in names[:at] else name
        for at, name in enumerate(names)
    ]


def _starts(parts: Sequence[CaptureFrames], found: Overlap) -> tuple[np.ndarray, np.ndarray]:
    """Events that tell when a thread began, of captures whose times were moved, and by how much."""
    shifts = np.repeat(np.array(found.shifts, np.int64), [len(part.events) for part in parts])
    tells = np.concatenate([part.events["type"].isin(list(_TELL_STARTS)).to_numpy() for part in parts])
    shifts = np.where(tells, shifts, 0)[found.rows]
    rows = np.flatnonzero(shifts)
    return rows, shifts[rows]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _state(parts: Sequence[CaptureFrames]) -> FileState:
    """The worst state, and what is wrong with which."""
    worst = min((part.state for part in parts), key=lambda state: _rank(state.state))
    faults = [part for part in parts if part.state.state != "whole"]
    if not faults:
        signed = all(part.state.signed for part in parts)
        detail = f"All {len(parts)} captures are whole{' and signed' if signed else ''}."
        return FileState(worst.state, detail, signed)
    told = " ".join(f"{_name(part)}: {part.state.detail}" for part in faults)
    return FileState(worst.state, f"{len(parts) - len(faults)} of {len(parts)} captures are whole. {told}")


def _rank(state: str) -> int:
    return _WORST.index(state) if state in _WORST else 0


def _begin(part: CaptureFrames) -> int:
    return int(part.recordings["started"].iloc[0])


def _name(part: CaptureFrames) -> str:
    return part.path.replace("\\", "/").rpartition("/")[2]


def _path(parts: Sequence[CaptureFrames]) -> str:
    """Where the first lies, under a name that tells of all."""
    folder = parts[0].path[: len(parts[0].path) - len(_name(parts[0]))]
    names = [_name(part) for part in parts[:_NAMED]]
    more = len(parts) - len(names)
    return folder + " + ".join([*names, f"{more} more"] if more else names)
