"""One recording from start to end: probe, snapshot, pipeline, file."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from capture.agent import privileges, procfs
from capture.agent.chunks import Chunk
from capture.agent.clock import boot_now_ns, boot_to_utc_ns
from capture.agent.executables import ExecutableWatch
from capture.agent.host import section
from capture.agent.kernel import LANE_NAMES, Kernel
from capture.agent.memory import keep_freed_memory
from capture.agent.output import Output
from capture.agent.pipeline import Assembler, drain
from capture.agent.pressure import Pressure
from capture.agent.programs import programs_listed, programs_of
from capture.agent.progress import in_progress_batch
from capture.agent.redaction import make_redactor
from capture.agent.settings import Settings
from capture.agent.signs import cgroups_listed, cgroups_of, runtime_calls_listed, runtime_calls_of
from capture.agent.watch import ContainerWatch
from capture.format import CaptureWriter
from capture.model.events import SchedCode

_LAZY_S, _BUSY_S = 0.02, 0.004
_CALM, _PRESSED = 0.15, 0.4
"""How full the fullest lane may be for a long sleep, and for any."""
_CGROUP_CODES = (SchedCode.CGROUP_MKDIR, SchedCode.CGROUP_RMDIR)
_STATUS_S = 0.25
_LAST_ROUNDS = 250
_COUNTERS_S = 1.0


@dataclass(frozen=True, slots=True)
class Status:
    """How a recording goes."""

    seconds: float
    events: int
    bytes: int
    """Bytes written to the file so far."""
    lost: int
    """Events for which the kernel had no room."""
    counted: int
    """Calls that were counted instead of recorded one by one, as lanes filled up."""
    fill: float
    """How full the fullest lane was when it was drained, 0 to 1."""
    cpu_ns: int
    """Processor time of the recorder, since the probe was attached."""


class Recorder:
    """Records this machine into a stream until told to stop."""

    def __init__(self, stream: BinaryIO, settings: Settings, command: Sequence[str] = ()) -> None:
        """Load the probe and write the first block; events are kept from here on.

        Raises:
            CaptureError: This machine cannot record.
            OSError: The file cannot be written.
        """
        keep_freed_memory()
        self._settings = settings
        self._boot_to_utc = boot_to_utc_ns()
        self._writer = CaptureWriter(stream)
        self._redactor = make_redactor(settings.redact, secrets=settings.redact_secrets)
        self._kernel = Kernel(settings, self_pid=os.getpid())
        facts = section(settings, self._boot_to_utc, command, self._kernel.features)
        facts["recorder"] = self._redactor.value(facts["recorder"])
        self._writer.section(facts)
        self._output = Output(self._writer, self._redactor)
        for note in (*self._kernel.notes, *privileges.notes()):
            self._output.document("note", {"text": note})
        self._assembler = Assembler(self._boot_to_utc)
        self._watch = ContainerWatch(
            lambda rows: self._output.document("containers", {"rows": rows}, count=len(rows)),
            self._kernel.filter.learn if self._kernel.filter else None,
        )
        self._executables = ExecutableWatch(
            lambda rows: self._output.document("executables", {"rows": rows}, count=len(rows))
        )
        self._snapshot = threading.Thread(target=self._take_snapshot, name="snapshot", daemon=True)
        self._started = time.monotonic()
        self._cpu_started = time.process_time_ns()
        self._events = 0
        self._fill = 0.0
        self._late = 0
        self._left_out = 0
        self._pressure = Pressure(self._kernel, LANE_NAMES, self._boot_to_utc, boot_now_ns())

    @property
    def failure(self) -> OSError | None:
        """Why the file can take no more, None while it can."""
        return self._output.failure

    def status(self) -> Status:
        """How it goes."""
        return Status(
            time.monotonic() - self._started,
            self._events,
            self._writer.bytes_written,
            self._pressure.lost,
            self._pressure.counted,
            self._fill,
            time.process_time_ns() - self._cpu_started,
        )

    def give_up_privileges(self, folder: Path, *, command: bool) -> None:
        """Go on with no more than recording into files of `folder` needs. Call it before `run`.

        `command`: whether there is one that may have to be ended; it has been started and keeps its own.
        """
        self._output.in_its_thread(lambda: privileges.give_up(folder, command=command))
        privileges.give_up(folder, command=command)

    def run(self, stopped: Callable[[], bool], report: Callable[[Status], None] | None = None) -> None:
        """Record until `stopped` says so or the file fails."""
        self._watch.start()
        if self._settings.hashes:
            self._executables.start()
        self._snapshot.start()
        next_report = next_counters = time.monotonic()
        last_batch = time.monotonic()
        while not stopped() and self.failure is None:
            if self._output.is_full:
                # What comes meanwhile waits in the lanes, and is counted where they fill.
                self._pressure.held_up_by = "disk"
                time.sleep(_LAZY_S)
                continue
            # Read before draining: what returned up to here lies in the lanes now.
            drained_up_to = boot_now_ns()
            busy = self._drain()
            self._pressure.after_round(boot_now_ns(), self._fill)
            now = time.monotonic()
            if self._is_full() or now - last_batch >= self._settings.block_ns / 1e9:
                self._write_batch(drained_up_to - self._settings.hold_back_ns)
                last_batch = now
            if now >= next_counters:
                self._write_counters()
                next_counters = now + _COUNTERS_S
            if report and now >= next_report:
                report(self.status())
                next_report = now + _STATUS_S
            if not busy:
                time.sleep(_LAZY_S if self._fill < _CALM else _BUSY_S)

    def finish(self) -> Status:
        """Detach the probe, write what is left and close the file's chain."""
        self._kernel.detach()
        ended = boot_now_ns()
        self._drain_the_rest()
        self._snapshot.join(timeout=30)
        self._finish_looking()
        self._finish_hashing()
        self._write_batch(1 << 62)
        rest = in_progress_batch(self._kernel.in_progress(), ended, self._boot_to_utc, without=os.getpid())
        if len(rest):
            self._events += len(rest)
            self._output.events(rest)
        self._pressure.close(ended)
        # Once for either table of counts.
        self._write_counters()
        self._write_counters()
        self._output.finish(self._totals)
        self._kernel.close()
        return self.status()

    # Inside.

    def _drain(self) -> bool:
        """Empty the lanes once; whether there was much in them."""
        self._fill = max(lane.fill for lane in self._kernel.lanes)
        for lane in self._kernel.lanes:
            for chunk in drain(lane):
                self._assembler.add(chunk)
                if lane.name in ("life", "exec"):
                    self._look_for_containers(chunk)
                if lane.name == "exec" and self._settings.hashes:
                    self._executables.begun(programs_of(chunk))
        return self._fill > _PRESSED

    def _is_full(self) -> bool:
        """Whether enough waits for a block."""
        waiting, settings = self._assembler, self._settings
        return waiting.pending >= settings.block_events or waiting.pending_bytes >= settings.block_bytes

    def _drain_the_rest(self) -> None:
        """Empty the lanes for good: the probe is detached, a record may still be in the making."""
        for _ in range(_LAST_ROUNDS):
            self._drain()
            if not any(lane.waiting for lane in self._kernel.lanes):
                return
            time.sleep(_BUSY_S)

    def _look_for_containers(self, chunk: Chunk) -> None:
        for code in _CGROUP_CODES:
            self._watch.seen(cgroups_of(chunk, code), made=code == SchedCode.CGROUP_MKDIR)
        for call in runtime_calls_of(chunk):
            self._watch.called(call)

    def _finish_looking(self) -> None:
        self._watch.finish()
        if overlooked := self._watch.overlooked:
            text = f"{overlooked:,} cgroups were not looked at for containers: too many waited"
            self._output.document("note", {"text": text})

    def _finish_hashing(self) -> None:
        self._executables.finish()
        if overlooked := self._executables.overlooked:
            self._output.document("note", {"text": f"{overlooked:,} programs not hashed: too many waited"})

    def _write_batch(self, until: int) -> None:
        batch = self._assembler.batch(until)
        if batch is not None and len(batch):
            self._events += len(batch)
            self._output.events(batch)

    def _take_snapshot(self) -> None:
        pid = os.getpid()
        tables: tuple[tuple[str, Callable[[], list[dict[str, Any]]]], ...] = (
            (
                "processes",
                lambda: procfs.processes(self._boot_to_utc, environment=self._settings.environment),
            ),
            ("cgroups", procfs.cgroups),
            ("descriptors", lambda: procfs.descriptors(without=pid)),
            ("sockets", procfs.sockets),
            ("mounts", procfs.mounts),
            ("users", procfs.users),
            ("groups", procfs.groups),
            ("interfaces", procfs.interfaces),
        )
        for name, read in tables:
            if name in ("users", "groups") and not self._settings.users:
                continue
            try:
                rows = read()
            except Exception as error:  # noqa: BLE001  one odd file of /proc must not cost the other tables
                self._output.document("note", {"text": f"the snapshot lacks {name}: {error}"})
                continue
            if name == "processes" and self._settings.hashes:
                self._executables.begun(programs_listed(rows))
            if name == "processes":
                for call in runtime_calls_listed(rows):
                    self._watch.called(call)
                self._watch.seen(cgroups_listed(rows))
            elif name == "cgroups":
                self._watch.seen(row["path"] for row in rows)
            self._output.table(name, rows)

    def _write_counters(self) -> None:
        """Write what was lost, counted and given up since the last time, if anything was."""
        rows, counted = self._pressure.interval(boot_now_ns())
        late = self._assembler.late - self._late
        if late:
            self._late = self._assembler.late
            rows.append(self._pressure.row("late", "pipeline", late))
        left_out = self._kernel.filter.total() if self._kernel.filter else 0
        if left_out > self._left_out:
            rows.append(self._pressure.row("filtered", "probe", left_out - self._left_out))
            self._left_out = left_out
        if rows:
            self._output.document("counters", {"rows": rows}, count=len(rows))
        if len(counted["count"]):
            self._output.counted(counted)

    def _totals(self) -> dict[str, Any]:
        return {
            "ended": time.time_ns(),
            "boot_to_utc": boot_to_utc_ns(),
            "events": self._writer.events_written,
            "lost": dict(zip(LANE_NAMES, self._pressure.lost_by_lane, strict=True)),
            "counted": self._pressure.counted,
            "late": self._assembler.late,
            "masked": dict(self._redactor.masked),
            **({"filtered": self._kernel.filter.counts()} if self._kernel.filter else {}),
            "recorder_cpu_ns": time.process_time_ns() - self._cpu_started,
        }
