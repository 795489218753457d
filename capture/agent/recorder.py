"""One recording from start to end: probe, snapshot, pipeline, file."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from capture.agent import privileges
from capture.agent.chunks import Chunk
from capture.agent.clock import boot_now_ns, boot_to_utc_ns
from capture.agent.control import Control
from capture.agent.draining import Drain
from capture.agent.files import CaptureFiles
from capture.agent.freezing import Freezer
from capture.agent.host import section
from capture.agent.kernel import LANE_NAMES, Kernel
from capture.agent.lanes import CallLane, Lane
from capture.agent.lookout import PROGRAM_LANES, Lookout
from capture.agent.output import Output, Turn
from capture.agent.pace import LAZY_S, Pace
from capture.agent.pipeline import Assembler
from capture.agent.pressure import Pressure
from capture.agent.progress import in_progress_batch
from capture.agent.samples import Sampler
from capture.agent.settings import Settings
from capture.agent.snapshot import Snapshots
from capture.agent.urgency import Urgency
from capture.evidence.redaction import make_redactor
from capture.format import EventBatch
from capture.format.memory import give_back_memory, keep_freed_memory

_BUSY_S = 0.004
"""How long it sleeps at the end, when it waits for the last records."""
_SNAPSHOT_S = 3.0
"""How long a command waits for the snapshot of what was there before it."""
_NICE = -5
_SWITCH_S = 0.0001
"""How long the thread that drains waits at most for another one's Python."""
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
    """Records this machine into files until told to stop."""

    def __init__(
        self,
        files: CaptureFiles,
        settings: Settings,
        command: Sequence[str] = (),
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Load the probe and write the first block; events are kept from here on.

        `say` is called, by another thread, with what the user should know while the recording goes on.

        Raises:
            CaptureError: This machine cannot record.
            OSError: The file cannot be written.
        """
        keep_freed_memory()
        self._settings = settings
        self._boot_to_utc = boot_to_utc_ns()
        self._files = files
        self._redactor = make_redactor(settings.redact, secrets=settings.redact_secrets)
        self._kernel = Kernel(settings, self_pid=os.getpid())
        # What the compiler took.
        give_back_memory()
        self._urgency = Urgency()
        self._drain = Drain(self._kernel.lanes, self._urgency.of)
        self._pace = Pace(boot_now_ns())
        self._notes = [*self._kernel.notes, *privileges.notes()]
        facts = partial(self._facts, command)
        files.begin(facts(), self._notes)
        turn = Turn(self._in_progress, self._totals, facts, self._notes, self._begin_file, say)
        self._output = Output(files, self._redactor, turn)
        self._say = say
        self._freezer = Freezer(files, self._output)
        self._control: Control | None = None
        self._assembler = Assembler(self._boot_to_utc)
        self._lookout = Lookout(
            self._kernel, self._output, hashes=settings.hashes, has_files=files.rotation.rotates
        )
        self._sampler = Sampler(self._output.samples, self._boot_to_utc)
        self._snapshots = Snapshots(self._output, settings, self._boot_to_utc, self._lookout.listed)
        self._started = time.monotonic()
        self._ended = 0
        self._cpu_started = time.process_time_ns()
        self._events = 0
        self._last_batch = self._next_counters = self._started
        self._late = 0
        self._left_out = 0
        self._pressure = Pressure(self._kernel, LANE_NAMES, self._boot_to_utc, boot_now_ns())

    @property
    def failure(self) -> OSError | None:
        """Why the file can take no more, None while it can."""
        return self._output.failure

    @property
    def ending(self) -> str:
        """Why the recording ended before it was told to, although in order; empty where it did not."""
        return self._output.ending

    def status(self) -> Status:
        """How it goes."""
        return Status(
            time.monotonic() - self._started,
            self._events,
            self._files.bytes_written,
            self._pressure.lost,
            self._pressure.counted,
            self._pace.fill,
            time.process_time_ns() - self._cpu_started,
        )

    def give_up_privileges(self, folder: Path, *, command: bool) -> None:
        """Go on with no more than recording into files of `folder` needs. Call it before `run`.

        `command`: whether there is one that may have to be ended; it has been started and keeps its own.
        """

        def give_up() -> None:
            # What is not drained in time is only counted: before what is recorded, where that is permitted.
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
            try:
                privileges.give_up(folder, command=command)
            except OSError as error:
                self._output.document(
                    "note", {"text": f"the recorder kept all its privileges: {error.strerror}"}
                )

        self._output.in_its_thread(give_up)
        give_up()

    def take_snapshot(self, stopped: Callable[[], bool]) -> None:
        """Tell what is there before a command begins, which then has no snapshot taken beside it.

        Call it before `run`, which takes one otherwise. What happens meanwhile is recorded.
        """
        self._snapshots.begin()
        deadline = time.monotonic() + _SNAPSHOT_S
        while self._snapshots.is_being_taken and not self._is_over(stopped) and time.monotonic() < deadline:
            self._round()

    def run(self, stopped: Callable[[], bool], report: Callable[[Status], None] | None = None) -> None:
        """Record until `stopped` says so or the file fails."""
        self._lookout.start()
        if not self._snapshots.has_begun:
            self._snapshots.begin()
        self._sampler.start()
        self._open_control()
        sys.setswitchinterval(_SWITCH_S)
        next_report = time.monotonic()
        while not self._is_over(stopped):
            self._round()
            if report and (now := time.monotonic()) >= next_report:
                report(self.status())
                next_report = now + _STATUS_S

    def freeze(self) -> None:
        """Save what the ring holds into the folder `frozen` beside the files, in a thread of its own."""
        if not self._files.rotation.rotates:
            self._say("this recording keeps everything in one file: there is nothing to freeze")
            return
        threading.Thread(
            target=self._freezer.save_beside, args=(self._say,), name="freeze", daemon=True
        ).start()

    def finish(self) -> Status:
        """Detach the probe, write what is left and close the file's chain."""
        if self._control:
            self._control.close()
        self._kernel.detach()
        ended, self._ended = boot_now_ns(), time.time_ns()
        self._drain_the_rest()
        self._output.stay()
        self._snapshots.finish()
        self._sampler.finish()
        self._lookout.finish()
        self._write_batch(1 << 62)
        rest = self._in_progress(ended)
        self._events += len(rest)
        self._output.in_progress(rest)
        self._pressure.close(ended)
        # Once for either table of counts.
        self._write_counters()
        self._write_counters()
        self._output.finish()
        self._kernel.close()
        return self.status()

    # Inside.

    def _open_control(self) -> None:
        """Let `exhume-capture freeze` find this recorder; it goes on recording if that cannot be."""
        if not self._files.rotation.rotates:
            return
        try:
            self._control = Control(self._freezer.answer)
        except OSError as error:
            self._say(f"`freeze` will not find this recorder: {error.filename or 'socket'}: {error.strerror}")
            return
        self._control.start()

    def _is_over(self, stopped: Callable[[], bool]) -> bool:
        return stopped() or self.failure is not None or bool(self.ending)

    def _round(self) -> None:
        """Take what has come, write what is due, then sleep until more has come."""
        if self._output.is_full:
            # What comes meanwhile waits in the lanes, and is counted where they fill.
            self._pressure.held_up_by = "disk"
            time.sleep(LAZY_S)
            return
        drained_up_to, is_behind = self._take_portion(may_rest=True)
        self._pressure.after_round(boot_now_ns(), self._pace.fill)
        now, until = time.monotonic(), drained_up_to - self._settings.hold_back_ns
        if self._is_full(until) or now - self._last_batch >= self._settings.block_ns / 1e9:
            self._write_batch(until)
            self._last_batch = now
        if now >= self._next_counters and not self._output.is_full:
            self._write_counters()
            self._next_counters = now + _COUNTERS_S
        if not is_behind:
            self._pace.sleep()

    def _take_portion(self, *, may_rest: bool = False) -> tuple[int, bool]:
        """Take about a block out of the lanes: up to which time all was taken, and whether more waits."""
        # Read before: what returned up to here lies in the lanes now.
        now = boot_now_ns()
        rests = self._pace.looks(now, max(lane.fill for lane in self._kernel.lanes)) and may_rest
        block = self._settings.block_events
        # What rests holds back all that is later.
        rests = rests and self._assembler.pending < block
        most = max(block - self._assembler.pending, block // 4)
        return self._drain.portion(now, most, self._keep, may_rest=rests)

    def _keep(self, lane: CallLane | Lane, chunk: Chunk) -> None:
        self._assembler.add(chunk)
        self._lookout.recorded(lane.name, chunk)
        if lane.name in PROGRAM_LANES:
            self._urgency.programs_begun(chunk)

    def _is_full(self, until: int) -> bool:
        """Whether enough for a block has returned by then, or more waits than memory should be taken for."""
        waiting, settings = self._assembler, self._settings
        if waiting.pending < settings.block_events and waiting.pending_bytes < settings.block_bytes:
            return False
        events, size = waiting.ready(until)
        full = events >= settings.block_events or size >= settings.block_bytes
        return full or waiting.pending_bytes >= 2 * settings.block_bytes

    def _drain_the_rest(self) -> None:
        """Empty the lanes for good: the probe is detached, a record may still be in the making."""
        for _ in range(_LAST_ROUNDS):
            is_behind = True
            while is_behind:
                until, is_behind = self._take_portion()
                if self._is_full(until - self._settings.hold_back_ns):
                    self._write_batch(until - self._settings.hold_back_ns)
            if not any(lane.waiting for lane in self._kernel.lanes):
                return
            time.sleep(_BUSY_S)

    def _write_batch(self, until: int) -> None:
        batch = self._assembler.batch(until)
        if batch is not None and len(batch):
            self._events += len(batch)
            self._output.events(batch, until)

    def _facts(self, command: Sequence[str]) -> dict[str, Any]:
        facts = section(self._settings, self._boot_to_utc, command, self._kernel.features)
        return {**facts, "recorder": self._redactor.value(facts["recorder"])}

    def _begin_file(self, since_boot_ns: int) -> None:
        """See to what the file that has just begun needs to stand alone."""
        self._kernel.begin_file()
        self._lookout.begin_file(since_boot_ns)
        self._snapshots.begin()

    def _in_progress(self, until_boot_ns: int) -> EventBatch:
        """The calls that began by then and have not returned since."""
        slots = self._kernel.in_progress()
        slots = slots[slots["start"] <= until_boot_ns]
        return in_progress_batch(slots, until_boot_ns, self._boot_to_utc, without=os.getpid())

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
            self._output.counters(rows)
        if len(counted["count"]):
            self._output.counted(counted)

    def _totals(self) -> dict[str, Any]:
        """What the end block tells of the current file."""
        files = self._files
        return {
            "ended": self._ended,
            "boot_to_utc": boot_to_utc_ns(),
            "events": files.writer.events_written,
            "lost": {name: files.lost[name] for name in LANE_NAMES},
            "counted": files.counted,
            "late": files.late,
            "masked": self._redactor.take_masked(),
            **({"filtered": self._kernel.filter.take_counts()} if self._kernel.filter else {}),
            "recorder_cpu_ns": time.process_time_ns() - self._cpu_started,
        }
