"""The machine as it stands when a file begins, read beside the recording by a thread of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from capture.agent.accounts import groups, users
from capture.agent.cgroups import cgroups
from capture.agent.mounts import mounts
from capture.agent.network import interfaces, sockets
from capture.agent.output import Output
from capture.agent.procfs import descriptors, processes
from capture.agent.settings import Settings

Rows = list[dict[str, Any]]


class Snapshots:
    """Takes a snapshot for each file."""

    def __init__(
        self,
        output: Output,
        settings: Settings,
        boot_to_utc_ns: int,
        listed: Callable[[str, Rows], None],
    ) -> None:
        """`listed` is told each table when it has been read."""
        self._output, self._settings, self._listed = output, settings, listed
        pid = os.getpid()
        self._tables: tuple[tuple[str, Callable[[], Rows]], ...] = (
            ("processes", lambda: processes(boot_to_utc_ns, environment=settings.environment)),
            ("cgroups", cgroups),
            ("descriptors", lambda: descriptors(without=pid)),
            ("sockets", sockets),
            ("mounts", mounts),
            ("users", users),
            ("groups", groups),
            ("interfaces", interfaces),
        )
        self._thread: threading.Thread | None = None

    @property
    def has_begun(self) -> bool:
        """Whether one was taken, or is being taken."""
        return self._thread is not None

    @property
    def is_being_taken(self) -> bool:
        """Whether one is not whole yet."""
        return self._thread is not None and self._thread.is_alive()

    def begin(self) -> None:
        """Take one for the file that has just begun."""
        self._thread = threading.Thread(target=self._take, name="snapshot", daemon=True)
        self._thread.start()

    def finish(self, timeout_s: float = 30.0) -> None:
        """Wait for the one that is being taken."""
        if self._thread:
            self._thread.join(timeout_s)

    def _take(self) -> None:
        for name, read in self._tables:
            if name in ("users", "groups") and not self._settings.users:
                continue
            try:
                rows = read()
            except Exception as error:  # noqa: BLE001  one odd file of /proc must not cost the other tables
                self._output.document("note", {"text": f"the snapshot lacks {name}: {error}"})
                continue
            self._listed(name, rows)
            self._output.table(name, rows)
        self._output.snapshot_is_whole()
