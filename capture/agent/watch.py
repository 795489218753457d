"""Finding out about containers beside the recording: names, images, labels, as soon as one appears.

A container may live for 50 ms, so its runtime's files are looked at the moment its cgroup is made, again
a little later, and once more when it goes. What never turns up is recorded as missing, with the reason.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from capture.containers.cgroup_paths import ContainerRef, container_of
from capture.containers.lookup import find_metadata
from capture.containers.metadata import RECORDED

_RETRY_S = (0.05, 0.25, 1.0, 3.0)
Row = dict[str, Any]


@dataclass
class _Pending:
    ref: ContainerRef
    path: str
    due: float
    attempt: int = 0


@dataclass
class ContainerWatch:
    """Looks containers up in a thread of its own and hands over rows as they become known."""

    write: Callable[[list[Row]], None]
    heard: Callable[[str, ContainerRef | None, Row | None, bool], None] | None = None
    """Called for each cgroup and again when more is known: path, container, its row, whether that is all."""
    _paths: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue)
    _pending: dict[str, _Pending] = field(default_factory=dict)
    _last: dict[str, Row] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="containers", daemon=True)
        self._thread.start()

    def seen(self, paths: Iterable[str]) -> None:
        """Cgroups that exist, were made, or are going."""
        for path in paths:
            self._paths.put(path)

    def finish(self, timeout_s: float = 5.0) -> None:
        """Look once more for what is still unknown, then end."""
        self._paths.put(None)
        if self._thread:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            try:
                path = self._paths.get(timeout=0.05 if self._pending else 1.0)
            except queue.Empty:
                path = ""
            if path is None:
                self._look(list(self._pending.values()), last=True)
                return
            ref = container_of(path) if path else None
            if path:
                row = self._last.get(ref.full_id) if ref else None
                self._tell(path, ref, row, final=ref is None or not self._unknown(ref))
            if ref is not None and ref.full_id not in self._pending and self._unknown(ref):
                self._pending[ref.full_id] = _Pending(ref, path, 0.0)
            now = time.monotonic()
            self._look([item for item in self._pending.values() if item.due <= now])

    def _tell(self, path: str, ref: ContainerRef | None, row: Row | None, *, final: bool) -> None:
        if self.heard is not None:
            self.heard(path, ref, row, final)

    def _unknown(self, ref: ContainerRef) -> bool:
        return self._last.get(ref.full_id, {}).get("metadata") != RECORDED

    def _look(self, items: list[_Pending], *, last: bool = False) -> None:
        rows = []
        for item in items:
            found = find_metadata(item.ref)
            row = {**found.row(), "cgroup": item.path}
            known = found.metadata == RECORDED
            final = known or last or item.attempt >= len(_RETRY_S)
            self._tell(item.path, item.ref, row, final=final)
            if final:
                del self._pending[item.ref.full_id]
            else:
                item.due = time.monotonic() + _RETRY_S[item.attempt]
                item.attempt += 1
            if row != self._last.get(item.ref.full_id):
                self._last[item.ref.full_id] = row
                rows.append(row)
        if rows:
            self.write(rows)
