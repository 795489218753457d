"""One piece of a file: its events as one batch of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from capture.format.columns import EVENT_COLUMNS, EventBatch
from capture.format.convert.births import added_births
from capture.format.convert.codes import ARGUMENTS, Codes, types_named
from capture.format.convert.collecting import Collected, end_to_end
from capture.format.convert.headers import Headers
from capture.format.convert.interning import LONGEST, Texts, intern, texts_from_runs
from capture.format.convert.lives import EXECS, FORKS, Lives
from capture.format.convert.opened import Opened
from capture.format.convert.pairs import GENERIC, PROCEXIT, Pairs
from capture.format.convert.parameters import MISSING, Group
from capture.format.convert.programs import program_texts
from capture.format.convert.sockets import socket_texts
from capture.model.events import EventFlag, SchedCode

Array = np.ndarray[Any, np.dtype[Any]]

MOST_RAW = 64 << 10
"""Bytes that are kept of an event that is not known."""
_SIZED = 1 << 32
_TOLD_BY = ("text", "tuple", "inbound", "peer", "bound", "exe")
"""Roles of texts that tell an argument."""


@dataclass
class Tally:
    """What became of a file's events: `blocks` = `events` - `added` + `paired`, less what is still open."""

    blocks: int = 0
    """Event blocks of the file."""
    events: int = 0
    """Events written."""
    paired: int = 0
    """Beginnings that were joined with their ends."""
    added: int = 0
    """Births of processes that only their parents, or their execs, told of."""
    entry_only: int = 0
    exit_only: int = 0
    unknown_types: dict[int, int] = field(default_factory=dict)
    """Events of types that are in no table, by type."""
    unknown_calls: int = 0
    """Generic events whose number of a call is in no table."""
    unknown_parameters: int = 0


@dataclass
class State:
    """What one piece hands on to the next."""

    lives: Lives
    opened: Opened
    tally: Tally = field(default_factory=Tally)
    order: int = 0
    """Number of events written so far: what orders events of different pieces."""
    last_time: int = np.iinfo(np.int64).min
    has_begins: bool = False
    """Whether the file has beginnings of calls at all: newer recorders write ends alone."""
    early: Array = field(default_factory=lambda: np.empty(0, np.int64))
    """Threads whose birth their parents told of, and they themselves have not yet."""


class Piece:
    """Events on their way from a file's form into columns."""

    def __init__(
        self, data: Array, headers: Headers, pairs: Pairs, *, kept: Array, codes: Codes, state: State
    ) -> None:
        """`kept`: which events become events of ours, the others are beginnings of those, or wait."""
        self.data, self.codes, self.state = data, codes, state
        self._rows = np.flatnonzero(kept)
        count = len(self._rows)
        self.row_of = np.full(len(headers), -1, np.int64)
        self.row_of[self._rows] = np.arange(count)
        begin = pairs.begin[self._rows]
        joined = np.flatnonzero(begin >= 0)
        self.row_of[begin[joined]] = joined
        self._begin, self._pairs, self._headers = begin, pairs, headers
        self.type = headers.type[self._rows]
        self.tid = headers.tid[self._rows]
        self.found = Collected(count, data)
        self.order = state.order + np.arange(count)
        self.is_exit = self.type & 1 == 1
        self._is_call = pairs.is_call[self._rows]
        self.columns: dict[str, Array] = {
            "time": headers.time[self._rows],
            "latency": np.full(count, -1, np.int64),
            "cpu": headers.cpu[self._rows],
        }
        took = self.columns["time"][joined] - headers.time[begin[joined]]
        self.columns["latency"][joined] = np.maximum(took, 0)
        state.tally.paired += len(joined)

    def __len__(self) -> int:
        return len(self.type)

    def take(self, group: Group) -> None:
        """The parameters of some events; beginnings come before ends."""
        self.found.add(group, self.row_of)

    def batch(self, *, final: bool) -> EventBatch:
        """All of it; nothing can be taken any more."""
        found, columns = self.found, self.columns
        self._add_codes()
        self._add_arguments()
        self._add_flags(final=final)
        births = self._births()
        self._add_processes(births)
        texts = self._texts(births)
        at, size = self._payload()
        made = added_births(self, births)
        batch = self._in_order(columns, texts, at, size, made)
        self.state.tally.unknown_parameters += found.surplus
        return batch

    # Codes, arguments, flags.

    def _add_codes(self) -> None:
        codes, type_ = self.codes, self.type
        self.columns["code"] = codes.code[type_].copy()
        self.columns["flags"] = codes.flags[type_].copy()
        generic = np.flatnonzero(type_ >> 1 == GENERIC)
        if len(generic):
            self._add_generic_codes(generic)
        self._count_unknown()

    def _add_generic_codes(self, generic: Array) -> None:
        codes = self.codes
        ids, native = self.found.number("id")[generic], self.found.number("native")[generic]
        ids = np.where((ids > 0) & (ids < len(codes.of_id)), ids, 0)
        code, flags = codes.of_id[ids].copy(), codes.id_flags[ids].copy()
        by_native = (code == codes.unknown) & (native > 0) & (native < 1 << 12)
        code[by_native] = native[by_native]
        narrow = (native >= 0) & (native != code) & (native == codes.narrow_of_id[ids]) & (flags == 0)
        code[narrow] = native[narrow]
        flags[narrow] = int(EventFlag.COMPAT)
        self.columns["code"][generic], self.columns["flags"][generic] = code, flags
        unknown = generic[code == codes.unknown]
        self.state.tally.unknown_calls += len(unknown)
        for role, source in (("a1", "id"), ("a2", "native")):
            told = self.found.number(source)[unknown]
            self.found.number(role)[unknown] = np.where(told == MISSING, 0, told)
        self.found.number("a0")[unknown] = self.type[unknown]

    def _count_unknown(self) -> None:
        """Events of no known type keep all that the file has of them."""
        types = self.codes.code[self.type] == self.codes.unknown
        rows = np.flatnonzero(types & (self.type >> 1 != GENERIC))
        if not len(rows):
            return
        for number, count in zip(*np.unique(self.type[rows], return_counts=True), strict=True):
            tally = self.state.tally.unknown_types
            tally[int(number)] = tally.get(int(number), 0) + int(count)
        self.found.number("a0")[rows] = self.type[rows]
        raw, headers = self.found.slice("data"), self._headers
        start = headers.sizes_at[self._rows[rows]]
        raw.at[rows] = start
        raw.size[rows] = np.minimum(headers.end[self._rows[rows]] - start, MOST_RAW)

    def _add_arguments(self) -> None:
        untold_at_all = self._is_call.copy()
        for role in _TOLD_BY:
            if role in self.found.slices:
                untold_at_all &= self.found.slices[role].size < 0
        for argument in range(ARGUMENTS):
            value = self.found.number(f"a{argument}").copy()
            is_untold = value == MISSING
            untold_at_all &= is_untold
            untold = np.flatnonzero(is_untold)
            value[untold] = self.codes.defaults[argument][self.type[untold]]
            self.columns[f"a{argument}"] = value.view(np.uint64)
        takes_some = self.codes.takes_arguments[self.columns["code"]]
        self.columns["flags"][untold_at_all & takes_some] |= int(EventFlag.ARGUMENTS_UNKNOWN)
        told = self.found.number("ret")
        self.columns["ret"] = np.where(told == MISSING, 0, told)

    def _add_flags(self, *, final: bool) -> None:
        flags, tally = self.columns["flags"], self.state.tally
        rows, pairs = self._rows, self._pairs
        begins = self._is_call & ~self.is_exit
        died = begins & pairs.died[rows]
        waits = begins & pairs.open[rows] & final
        flags[died] |= int(EventFlag.NEVER_RETURNED)
        flags[waits] |= int(EventFlag.IN_PROGRESS)
        lost = begins & ~died & ~waits
        flags[lost] |= int(EventFlag.ENTRY_ONLY)
        if waits.any():
            self.columns["time"][waits] = max(int(self.columns["time"].max()), self.state.last_time)
        ends = self._is_call & self.is_exit
        untold = ends & (self.found.number("ret") == MISSING)
        flags[untold] |= int(EventFlag.RESULT_UNKNOWN)
        alone = ends & (self._begin < 0) & self.state.has_begins & ~self._is_child()
        flags[alone] |= int(EventFlag.EXIT_ONLY)
        tally.entry_only += int(np.count_nonzero(lost))
        tally.exit_only += int(np.count_nonzero(alone))

    # Processes.

    def _is_child(self) -> Array:
        """bool: the end of a clone as its child sees it."""
        forks = types_named(FORKS)[self.type] & self.is_exit
        child: Array = forks & (self.found.number("ret") == 0) & (self._begin < 0)
        return child

    def _births(self) -> Array:
        """int64: the events by which threads tell of their own birth."""
        rows = np.flatnonzero(self._is_child())
        early = np.isin(self.tid[rows], self.state.early)
        self.state.early = np.setdiff1d(self.state.early, self.tid[rows[early]])
        told: Array = rows[~early]
        return told

    def _add_processes(self, births: Array) -> None:
        found, columns, lives = self.found, self.columns, self.state.lives
        at = np.arange(len(self))
        lives.learn_threads(found, self.type, self.order)
        pid = lives.process_of(self.tid, at)
        lives.learn_owners(found, self.type, pid, self.order)
        columns["uid"], columns["cgroup"] = lives.owners(pid, at)
        columns["pid"], columns["tid"] = pid, self.tid.copy()
        parent = np.where(found.number("ptid") > 0, found.number("ptid"), 0)[births]
        parent_pid = lives.process_of(parent, births)
        child, child_tid = pid[births], self.tid[births]
        is_process = child == child_tid
        self._as_old_as_their_clones(births, parent, child, parent_pid, is_process)
        self.state.opened.follow(self, pid)
        self._as_births(births, parent, parent_pid, is_process)
        self._add_exits(pid)

    def _as_old_as_their_clones(
        self, births: Array, parent: Array, child: Array, parent_pid: Array, is_process: Array
    ) -> None:
        """A child begins with what its parent had at its own end of the clone, which may be long before."""
        lives, columns = self.state.lives, self.columns
        lives.learn_clones(self.found, self.type, self.tid, columns["time"], self.order)
        inner = self.found.number("vtid")[births]
        row, order, time = lives.clones_of(
            parent, self.tid[births], np.where(inner > 0, inner, self.tid[births]), births
        )
        here = row >= 0
        columns["time"][births[here]] = np.minimum(columns["time"][births[here]], time[here])
        row, order = np.where(here, row, births), np.where(order >= 0, order, self.order[births])
        some = np.flatnonzero(is_process)
        self.state.opened.born(child[some], parent_pid[some], row[some], order[some])

    def _as_births(self, births: Array, parent: Array, parent_pid: Array, is_process: Array) -> None:
        """Turn the child's end of a clone into what our recorder tells of a birth."""
        columns = self.columns
        child, child_tid = columns["pid"][births].copy(), columns["tid"][births].copy()
        columns["code"][births] = int(SchedCode.PROCFORK)
        columns["flags"][births] = 0
        columns["ret"][births] = 0
        inner = self.found.number("vtid")[births]
        told = (child, child_tid, columns["time"][births], np.where(is_process, parent_pid, 0))
        for argument, values in enumerate((*told, np.where(inner > 0, inner, child_tid))):
            columns[f"a{argument}"][births] = values.astype(np.int64).view(np.uint64)
        columns["a5"][births] = 0
        columns["pid"][births] = np.where(is_process, parent_pid, child)
        columns["tid"][births] = np.where(is_process, parent, child)

    def _add_exits(self, pid: Array) -> None:
        """Which exit of a thread was the end of its process: the last that it did, its main thread gone."""
        rows = np.flatnonzero(np.isin(self.type, np.array(PROCEXIT, np.uint16)))
        if not len(rows):
            return
        last = np.full(int(pid.max()) + 1, -1, np.int64) if int(pid.max()) < 1 << 23 else None
        if last is None:
            ends = self.tid[rows] == pid[rows]
        else:
            last[pid] = np.arange(len(pid))
            main_gone = np.zeros(len(last), bool)
            main_gone[pid[rows[self.tid[rows] == pid[rows]]]] = True
            ends = (last[pid[rows]] == rows) & main_gone[pid[rows]]
        self.columns["a1"][rows] = ends.astype(np.uint64)

    # Texts and payload.

    def _texts(self, births: Array) -> list[Texts]:
        found = self.found
        if len(births) and "comm" in found.slices:
            name, comm = found.slice("text"), found.slices["comm"]
            name.at[births], name.size[births] = comm.at[births], comm.size[births]
        texts = program_texts(self, types_named(EXECS)[self.type])
        for column in ("text", "text2", "env"):
            runs = found.slices.get(column)
            if runs is None:
                continue
            at = np.flatnonzero(runs.size >= 0)
            too_long = at[runs.size[at] > LONGEST]
            self.columns["flags"][too_long] |= int(EventFlag.TEXT_TRUNCATED)
            texts += texts_from_runs(column, at, self.data, runs.at[at], np.minimum(runs.size[at], LONGEST))
        sockets = {name: self.state.opened.facts[name] for name in ("family", "kind", "protocol")}
        made = np.flatnonzero(types_named(("socket",))[self.type] & (sockets["family"] > 0))
        return texts + socket_texts(found, sockets, made)

    def _payload(self) -> tuple[Array, Array]:
        """Where the payload of each event lies, and its bytes."""
        runs = self.found.slices.get("data")
        count = len(self)
        if runs is None:
            return np.zeros(count, np.int64), np.zeros(count, np.int64)
        size = np.maximum(runs.size, 0)
        moved = self.columns["ret"]
        cut = self.codes.returns_size[self.type] & (moved > size) & (moved < _SIZED) & (runs.size >= 0)
        self.columns["flags"][cut] |= int(EventFlag.DATA_TRUNCATED)
        return runs.at, size

    def _in_order(
        self, columns: dict[str, Array], texts: list[Texts], at: Array, size: Array, added: dict[str, Array]
    ) -> EventBatch:
        """The batch, sorted by time."""
        extra = len(added["time"])
        codes, heap = intern(texts, len(self))
        opened = self.state.opened
        columns |= {name: opened.facts[name] for name in ("ino", "dev", "mode")} | {"fd": opened.fd}
        pair_bytes = self._pair_bytes(columns, at, size)
        columns |= {"captured": size, **codes}
        whole = {}
        for name, dtype in EVENT_COLUMNS.items():
            if name not in columns:
                continue
            tail = added.get(name, np.zeros(extra, columns[name].dtype))
            values = np.concatenate((columns[name], tail)) if extra else columns[name]
            whole[name] = values.astype(dtype, copy=False)
        time = whole["time"]
        if bool((time[1:] < time[:-1]).any()):
            order = np.argsort(time, kind="stable")
            whole = {name: values[order] for name, values in whole.items()}
            own = order[order < len(self)]
            at, size = at[own], size[own]
        late = whole["time"] < self.state.last_time
        whole["flags"][late] |= np.uint16(EventFlag.LATE)
        self.state.order += len(self)
        self.state.tally.events += len(whole["time"])
        if len(whole["time"]):
            self.state.last_time = max(self.state.last_time, int(whole["time"][-1]))
        data = np.concatenate((self.data, pair_bytes)) if len(pair_bytes) else self.data
        return EventBatch(whole, heap, end_to_end(data, at, size).tobytes())

    def _pair_bytes(self, columns: dict[str, Array], at: Array, size: Array) -> Array:
        """The two descriptors of pipes and pairs of sockets: payload of ours that scap has as numbers."""
        first, second = (self.found.numbers.get(name) for name in ("pair1", "pair2"))
        if first is None or second is None:
            return np.empty(0, np.uint8)
        rows = np.flatnonzero((first != MISSING) & (second != MISSING) & (columns["ret"] == 0))
        both = np.stack((first[rows], second[rows]), axis=1).astype("<i4")
        at[rows] = len(self.data) + 8 * np.arange(len(rows))
        size[rows] = 8
        return both.view(np.uint8).reshape(-1)
