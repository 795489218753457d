"""What is looked at beside the recording: containers and the files of programs, as soon as one is told of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from capture.agent.chunks import Chunk
from capture.agent.executables import ExecutableWatch
from capture.agent.host_root import host_root
from capture.agent.kernel import Kernel
from capture.agent.output import Output
from capture.agent.programs import programs_listed, programs_of, scripts_of
from capture.agent.signs import cgroups_listed, cgroups_of, runtime_calls_listed, runtime_calls_of
from capture.agent.snapshot import Rows
from capture.agent.urgency import CGROUP_CODES
from capture.agent.watch import ContainerWatch
from capture.containers.cgroup_paths import ContainerRef
from capture.model.events import SchedCode

PROGRAM_LANES = ("exec", "exec_long")
"""Where programs begin."""
_LIFE_LANE = "life"


class Lookout:
    """Looks at what records and the snapshot tell of, writes what it finds, and lets the probe know."""

    def __init__(self, kernel: Kernel, output: Output, *, hashes: bool, has_files: bool) -> None:
        """`hashes`: files of programs are looked at; `has_files`: `begin_file` may be called."""
        self._kernel = kernel
        self._output = output
        self._hashes = hashes
        self._containers = ContainerWatch(
            self._writer("containers"), self._learn, host_root(), has_files=has_files
        )
        self._executables = ExecutableWatch(self._writer("executables"))

    def start(self) -> None:
        """Begin to look, each in a thread of its own."""
        self._containers.start()
        if self._hashes:
            self._executables.start()

    def recorded(self, lane: str, chunk: Chunk) -> None:
        """Records of a lane have come."""
        if lane not in (*PROGRAM_LANES, _LIFE_LANE):
            return
        for code in CGROUP_CODES:
            self._containers.seen(cgroups_of(chunk, code), made=code == SchedCode.CGROUP_MKDIR)
        for call in runtime_calls_of(chunk):
            self._containers.called(call)
        if self._hashes and lane in PROGRAM_LANES:
            self._executables.begun(programs_of(chunk))
            self._executables.begun_scripts(scripts_of(chunk))

    def listed(self, table: str, rows: Rows) -> None:
        """A table of the snapshot has been read: programs and containers that run are looked at, too."""
        if table == "processes":
            if self._hashes:
                self._executables.begun(programs_listed(rows))
            for call in runtime_calls_listed(rows):
                self._containers.called(call)
            self._containers.seen(cgroups_listed(rows))
        elif table == "cgroups":
            self._containers.seen(row["path"] for row in rows)
        elif table == "descriptors" and self._kernel.payload:
            self._kernel.payload.listed(rows)

    def begin_file(self, since_boot_ns: int) -> None:
        """A file of the recording has begun that holds what happened after that time."""
        self._containers.begin_file(since_boot_ns)
        self._executables.begin_file()

    def finish(self) -> None:
        """Look once more for what is still unknown, and note what was never looked at."""
        self._containers.finish()
        if overlooked := self._containers.overlooked:
            self._note(f"{overlooked:,} cgroups were not looked at for containers: too many waited")
        self._executables.finish()
        if overlooked := self._executables.overlooked:
            self._note(f"{overlooked:,} programs not hashed: too many waited")

    def _learn(self, path: str, ref: ContainerRef | None, row: dict[str, Any] | None, final: bool) -> None:
        """Tell the probe what became known of a cgroup's container."""
        if self._kernel.filter:
            self._kernel.filter.learn(path, ref, row, final)
        if self._kernel.payload:
            self._kernel.payload.learn(path, ref, row, final)

    def _writer(self, kind: str) -> Callable[[list[dict[str, Any]]], None]:
        return lambda rows: self._output.document(kind, {"rows": rows}, count=len(rows))

    def _note(self, text: str) -> None:
        self._output.document("note", {"text": text})
