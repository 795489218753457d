"""Which rows of several captures stand for the same thing: a process, a container, a file of one host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from capture.identity.processes import TOLERANCE_NS
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.overlaps import Overlap

_LISTS = {"users": ("uid", "name"), "groups": ("gid", "name"), "mounts": ("id", "target")}
"""Tables of snapshots, and what is the same in two of them."""
_THINGS = ("type", "name", "dev", "ino", "l4proto", "laddr", "lport", "raddr", "rport")
_PROGRAM = ("comm", "exe", "exepath", "argv", "dev", "ino")
_MERGED = ("containers", "processes", "threads", "descriptors", "images", *_LISTS)


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one table, laid end to end, and what they become."""

    of: np.ndarray
    """int64: the row that each becomes."""
    first: np.ndarray
    """int64: of each that is made, the first one that becomes it."""

    @property
    def is_each_alone(self) -> bool:
        """Whether no two are the same."""
        return len(self.of) == len(self.first)


@dataclass(frozen=True, eq=False)
class Sameness:
    """What rows of all captures become."""

    rows: dict[str, Rows]
    """By table: of those in which things may be the same."""
    starts: dict[str, np.ndarray]
    """By table: where each capture's rows begin, were all laid end to end; one more at the end."""
    events: np.ndarray
    """int64: of each event of all captures end to end its row, -1 another capture has it."""
    gone_by: np.ndarray
    """int64, of each process: when a later recording of its host began that does not know it, -1 none."""

    def of(self, table: str, at: int) -> np.ndarray:
        """int64: what the rows of a table of one capture become."""
        start, end = self.starts[table][at : at + 2]
        if table == "events":
            return self.events[start:end]
        if table in self.rows:
            return self.rows[table].of[start:end]
        return np.arange(start, end)


def sameness(parts: Sequence[CaptureFrames], host_of: Sequence[int], found: Overlap) -> Sameness:
    """Find what is the same. `host_of`: of each capture a number for its host."""
    tables = (*_MERGED, "events")
    starts = {name: np.cumsum([0, *(len(getattr(part, name)) for part in parts)]) for name in tables}
    events = np.full(int(starts["events"][-1]), -1, np.int64)
    events[found.rows] = np.arange(len(found.rows))
    if len(set(host_of)) == len(parts):
        rows = {name: _alone(int(starts[name][-1])) for name in _MERGED}
        return Sameness(rows, starts, events, np.full(len(rows["processes"].of), -1))
    ends = _Ends(parts, host_of, found)
    rows = {name: _grouped(ends.laid(name, *columns)) for name, columns in _LISTS.items()}
    rows["containers"] = _grouped(ends.containers())
    rows["descriptors"] = _grouped(ends.descriptors())
    lives = ends.laid("processes", "pid", "start")
    rows["processes"] = _lives(lives[["host", "pid"]], lives["start"])
    threads = ends.laid("threads", "tid", "start", "process")
    owner = rows["processes"].of[threads["process"] + starts["processes"][threads["part"]]]
    rows["threads"] = _lives(threads[["tid"]].assign(owner=owner), threads["start"])
    rows["images"] = _programs(ends, rows["processes"], starts)
    return Sameness(rows, starts, events, _gone_by(ends, rows["processes"], starts["processes"]))


class _Ends:
    """Tables of all captures end to end, with the capture and the host of each row."""

    def __init__(self, parts: Sequence[CaptureFrames], host_of: Sequence[int], found: Overlap) -> None:
        self.parts, self.host_of, self.found = parts, host_of, found

    def laid(self, table: str, *columns: str) -> pd.DataFrame:
        """Some columns, starts put right, and `part` and `host`."""
        each = []
        for at, part in enumerate(self.parts):
            frame: pd.DataFrame = getattr(part, table)[list(columns)]
            frame = frame.assign(part=at, host=self.host_of[at])
            if "start" in columns:
                start = frame["start"]
                frame = frame.assign(start=start.where(start < 0, start + self.found.shifts[at]))
            each.append(frame)
        return pd.concat(each, ignore_index=True)

    def containers(self) -> pd.DataFrame:
        """By their ids; what has none is like no other."""
        laid = self.laid("containers", "full_id", "id")
        laid["full_id"] = laid["full_id"].where(laid["full_id"] != "", laid["id"])
        laid["is_host"] = np.concatenate([part.is_host for part in self.parts])
        return _alike(laid.drop(columns="id"), laid["is_host"] | (laid["full_id"] != ""))

    def descriptors(self) -> pd.DataFrame:
        """By name and inode; what has neither is like no other."""
        laid = self.laid("descriptors", *_THINGS)
        return _alike(laid, (laid["ino"] > 0) | laid["name"].str.startswith("/"))


def _alike(laid: pd.DataFrame, known: pd.Series) -> pd.DataFrame:
    """Keys of which those of one capture differ, and of what is not known all do."""
    names = [name for name in laid.columns if name != "part"]
    again = laid.groupby([*names, "part"], sort=False, dropna=False).cumcount()
    return laid.assign(again=again, alone=np.where(known, -1, np.arange(len(laid))))


def _alone(count: int) -> Rows:
    return Rows(np.arange(count), np.arange(count))


def _grouped(keys: pd.DataFrame) -> Rows:
    """What has the same in every column but `part` is the same."""
    names = [name for name in keys.columns if name != "part"]
    return _numbered(keys.groupby(names, sort=False, dropna=False).ngroup().to_numpy())


def _numbered(code: np.ndarray) -> Rows:
    """Numbers in the order in which codes first occur."""
    of, distinct = pd.factorize(code)
    first = np.full(len(distinct), -1, np.int64)
    first[of[::-1]] = np.arange(len(of))[::-1]
    return Rows(of.astype(np.int64), first)


def _lives(who: pd.DataFrame, start: pd.Series) -> Rows:
    """The same number that began at the same time is the same; of what start is not known no other is."""
    group = who.groupby(list(who.columns), sort=False).ngroup().to_numpy()
    began = start.to_numpy()
    order = np.lexsort((began, group))
    new = np.ones(len(order), bool)
    near = began[order[1:]] - began[order[:-1]] <= TOLERANCE_NS
    new[1:] = (group[order[1:]] != group[order[:-1]]) | ~near | (began[order[:-1]] < 0)
    code = np.empty(len(order), np.int64)
    code[order] = np.cumsum(new)
    return _numbered(code)


def _programs(ends: _Ends, processes: Rows, starts: dict[str, np.ndarray]) -> Rows:
    """A program that the snapshot lists of a process is the one that an earlier recording saw it run last."""
    laid = ends.laid("images", "process", "event", *_PROGRAM)
    owner = processes.of[laid["process"] + starts["processes"][laid["part"]]]
    code, _ = pd.factorize(pd.MultiIndex.from_frame(laid[list(_PROGRAM)]))
    listed = (laid["event"] < 0).to_numpy()
    last = np.full(len(processes.first), -1, np.int64)
    of = np.arange(len(laid))
    for at, part in enumerate(ends.parts):
        mine = np.arange(starts["images"][at], starts["images"][at + 1])
        before = last[owner[mine]]
        again = listed[mine] & (before >= 0) & (code[mine] == code[before])
        of[mine[again]] = of[before[again]]
        ran = part.processes["image"].to_numpy()
        known = np.flatnonzero(ran >= 0)
        last[processes.of[starts["processes"][at] + known]] = starts["images"][at] + ran[known]
    return _numbered(of)


def _gone_by(ends: _Ends, processes: Rows, starts: np.ndarray) -> np.ndarray:
    """A process that the next recording of its host did not find when it began had ended by then."""
    gone = np.full(len(processes.first), -1, np.int64)
    last = np.zeros(len(processes.first), np.int64)
    last[processes.of] = np.repeat(np.arange(len(ends.parts)), np.diff(starts))
    end = [int(part.recordings["ended"].iloc[0]) for part in ends.parts]
    begin = [int(part.recordings["started"].iloc[0]) for part in ends.parts]
    for at, host in enumerate(ends.host_of):
        later = [
            other
            for other in range(at + 1, len(ends.parts))
            if ends.host_of[other] == host
            and begin[other] >= end[at]
            and bool(ends.parts[other].processes["existed"].any())
        ]
        if later:
            gone[last == at] = begin[later[0]] + ends.found.shifts[later[0]]
    return gone
