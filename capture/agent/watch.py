"""Finding out about containers beside the recording: names, images, labels, as soon as one appears.

A container may live for 50 ms, so its runtime's files are looked at the moment its cgroup is made, again a
little later, once more when it has settled (addresses and pids are written late), and when it goes. What
never turns up is recorded as missing, with the reason. Where a cgroup's name does not show a container (plain
runc), the command line of the runtime does.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from capture.agent.clock import boot_now_ns
from capture.containers import bundle
from capture.containers.cgroup_paths import ContainerRef, container_of, short_id
from capture.containers.lookup import find_metadata
from capture.containers.metadata import RECORDED
from capture.containers.runtime_calls import RuntimeCall

_RETRY_S = (0.05, 0.25, 1.0, 3.0)
_SETTLED_S = 1.0
_AT_LEAST_S = 0.05
"""How often it looks though there are still cgroups to be told apart."""
MAX_WAITING = 65_536
"""Cgroups and calls that wait to be looked at; more are counted, not looked at."""
MAX_REMEMBERED = 8_192
"""Containers, calls and unexplained cgroups kept in mind; of more the oldest are forgotten."""
MAX_CGROUPS = 32
"""Paths kept of one container: one a hierarchy, and what it made itself."""
_NAMES = ("name", "pod", "namespace", "pod_uid")
"""What a recording's filter asks for."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CgroupSeen:
    """A cgroup that exists, was made, or is going."""

    path: str
    made: bool = False
    at: int = 0
    """When it was seen, ns since boot."""


@dataclass(frozen=True, slots=True)
class _NewFile:
    since: int


@dataclass
class _Pending:
    ref: ContainerRef
    path: str
    due: float
    attempt: int = 0
    settling: bool = False


@dataclass(frozen=True, slots=True)
class _Written:
    """What was told of a container last."""

    recorded: bool = False
    digest: int = 0
    """Of the whole row, which may be large."""
    row: Row | None = None
    """Its names alone."""


_NOTHING = _Written()


@dataclass
class ContainerWatch:
    """Looks containers up in a thread of its own and hands over rows as they become known.

    Each file of a recording gets the rows of the containers that are seen while it is written.
    """

    write: Callable[[list[Row]], None]
    heard: Callable[[str, ContainerRef | None, Row | None, bool], None] | None = None
    """Called for each cgroup and again when more is known: path, container, its name, whether that is all."""
    root: Path = Path("/")
    has_files: bool = False
    """Whether `begin_file` may be called: rows are kept in mind for it."""
    overlooked: int = 0
    """Cgroups and calls that were not looked at, for too many waited."""
    _waiting: queue.Queue[CgroupSeen | RuntimeCall | _NewFile | None] = field(
        default_factory=lambda: queue.Queue(MAX_WAITING)
    )
    _pending: OrderedDict[str, _Pending] = field(default_factory=OrderedDict)
    _written: OrderedDict[str, _Written] = field(default_factory=OrderedDict)
    _before: OrderedDict[str, _Written] = field(default_factory=OrderedDict)
    """What was told in the file before."""
    _rows: OrderedDict[str, Row] = field(default_factory=OrderedDict)
    _seen: OrderedDict[str, int] = field(default_factory=OrderedDict)
    """When a sign of each was there last."""
    _calls: OrderedDict[str, RuntimeCall] = field(default_factory=OrderedDict)
    _unexplained: OrderedDict[str, list[CgroupSeen]] = field(default_factory=OrderedDict)
    """Last segment → cgroups that no container is known of; a runtime's call may explain them later."""
    _nameless: OrderedDict[str, RuntimeCall] = field(default_factory=OrderedDict)
    _told: OrderedDict[str, str] = field(default_factory=OrderedDict)
    """Cgroup → id of its container, where its path does not show that."""
    _cgroups: OrderedDict[str, list[str]] = field(default_factory=OrderedDict)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="containers", daemon=True)
        self._thread.start()

    def seen(self, paths: Iterable[str], *, made: bool = False) -> None:
        """Cgroups that exist, were made, or are going."""
        now = boot_now_ns()
        for path in paths:
            self._put(CgroupSeen(path, made, now))

    def begin_file(self, since_boot_ns: int) -> None:
        """A file has begun that holds what happened after that time: it needs rows of its own."""
        self._put(_NewFile(since_boot_ns))

    def called(self, call: RuntimeCall) -> None:
        """A runtime was told to make a container."""
        self._put(call)

    def finish(self, timeout_s: float = 5.0) -> None:
        """Look once more for what is still unknown, then end."""
        if self._thread:
            try:
                self._waiting.put(None, timeout=timeout_s)
            except queue.Full:
                return
            self._thread.join(timeout_s)

    def _put(self, item: CgroupSeen | RuntimeCall | _NewFile) -> None:
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            self.overlooked += 1

    # In the thread.

    def _run(self) -> None:
        for full_id in bundle.known_ids(self.root):
            self._learn(RuntimeCall(full_id, ""))
        looked = 0.0
        while True:
            try:
                item = self._waiting.get(timeout=0.05 if self._pending else 1.0)
            except queue.Empty:
                item = CgroupSeen("")
            if item is None:
                self._look(list(self._pending.values()), last=True)
                return
            if isinstance(item, RuntimeCall):
                self._learn(item)
            elif isinstance(item, _NewFile):
                self._begin_file(item.since)
            else:
                self._note(item)
            now = time.monotonic()
            if self._waiting.empty() or now - looked > _AT_LEAST_S:
                looked = now
                self._look([pending for pending in self._pending.values() if pending.due <= now])

    def _learn(self, call: RuntimeCall) -> None:
        """Keep a call in mind; cgroups of that name came before it, maybe."""
        if call.cgroups:
            # Its name is in no path: a cgroup that happens to be called so is not meant.
            _remember(self._nameless, call.full_id, call)
        elif call.bundle or call.full_id not in self._calls:
            _remember(self._calls, call.full_id, call)
        for path in call.cgroups:
            _remember(self._told, path, call.full_id)
        names = {call.full_id, *(path.rpartition("/")[2] for path in call.cgroups)}
        for seen in [seen for name in names for seen in self._unexplained.pop(name, ())]:
            self._note(seen)

    def _note(self, seen: CgroupSeen) -> None:
        """Decide whether a cgroup is a reason to look."""
        if not seen.path:
            return
        ref = container_of(seen.path, known=self._calls, told=self._told)
        if ref is None:
            self._tell(seen.path, None, None, final=True)
            name = seen.path.rpartition("/")[2]
            same = self._unexplained.get(name, [])
            _remember(self._unexplained, name, [*same, seen][-MAX_CGROUPS:])
            return
        if self.has_files:
            _remember(self._seen, ref.full_id, seen.at)
            self._write_again([ref.full_id])
        told = self._written.get(ref.full_id, _NOTHING)
        self._tell(seen.path, ref, told.row, final=told.recorded)
        paths = self._cgroups.get(ref.full_id, [])
        is_new = ref.cgroup not in paths and len(paths) < MAX_CGROUPS
        if is_new:
            _remember(self._cgroups, ref.full_id, [*paths, ref.cgroup])
        if ref.full_id in self._pending:
            return
        if len(self._pending) >= MAX_REMEMBERED:
            self.overlooked += 1
            return
        if not told.recorded or seen.made or (is_new and not ref.runtime):
            self._pending[ref.full_id] = _Pending(ref, seen.path, 0.0)

    def _tell(self, path: str, ref: ContainerRef | None, row: Row | None, *, final: bool) -> None:
        if self.heard is not None:
            self.heard(path, ref, row, final)

    def _begin_file(self, since: int) -> None:
        """Write what was seen since then; of what is still there the file's snapshot will tell."""
        self._before, self._written = self._written, OrderedDict()
        # What was not seen during a whole file is gone.
        self._rows = OrderedDict(pair for pair in self._rows.items() if pair[0] in self._before)
        self._write_again([known for known, at in self._seen.items() if at > since])

    def _write_again(self, ids: list[str]) -> None:
        again = [known for known in ids if known not in self._written and known in self._rows]
        self._written.update((known, self._before[known]) for known in again)
        if again:
            self.write([self._rows[known] for known in again])

    def _look(self, items: list[_Pending], *, last: bool = False) -> None:
        rows = []
        for item in items:
            row, recorded = self._described(item.ref)
            given_up = last or (not recorded and item.attempt >= len(_RETRY_S))
            name = {key: row[key] for key in _NAMES}
            self._tell(item.path, item.ref, name, final=recorded or given_up)
            if given_up or (recorded and item.settling):
                del self._pending[item.ref.full_id]
            elif recorded:
                item.settling, item.due = True, time.monotonic() + _SETTLED_S
            else:
                item.due = time.monotonic() + _RETRY_S[item.attempt]
                item.attempt += 1
            before, now = (
                self._written.get(item.ref.full_id, _NOTHING),
                _Written(recorded, hash(repr(row)), name),
            )
            # What is gone by now does not take back what was known, in the file before either.
            known = before.recorded or self._before.get(item.ref.full_id, _NOTHING).recorded
            if now.digest != before.digest and (recorded or not known):
                _remember(self._written, item.ref.full_id, now)
                if self.has_files:
                    _remember(self._rows, item.ref.full_id, row)
                rows.append(row)
        if rows:
            self.write(rows)

    def _described(self, ref: ContainerRef) -> tuple[Row, bool]:
        call = self._calls.get(ref.full_id) or self._nameless.get(ref.full_id)
        place = Path(call.bundle) if call and call.bundle.startswith("/") else None
        found = find_metadata(ref, bundle=place, root=self.root)
        if call:
            by_name = short_id(ref.full_id) == ref.full_id
            name, runtime = (ref.full_id, call.runtime) if by_name else ("", "")
            found = replace(found, name=found.name or call.name or name, runtime=found.runtime or runtime)
        row = found.row()
        if call and not ref.runtime:
            # Its name alone does not tell a reader whose cgroups these are.
            row["cgroups"] = self._cgroups.get(ref.full_id, [])
        return row, found.metadata == RECORDED


def _remember(book: OrderedDict[str, Any], key: str, value: object) -> None:
    """Set an entry, newest last; of too many the oldest goes."""
    book[key] = value
    book.move_to_end(key)
    if len(book) > MAX_REMEMBERED:
        book.popitem(last=False)
