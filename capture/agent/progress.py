"""Calls that had not returned when the recording ended: who was waiting for what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from capture.agent.cgroups import cgroup_id
from capture.format import EVENT_COLUMNS, EventBatch
from capture.model.events import EventFlag

_X32_BIT = 1 << 30
_ELF_OF_32_BITS = b"\x7fELF\x01"


def in_progress_batch(
    slots: np.ndarray[Any, np.dtype[Any]], now_boot_ns: int, boot_to_utc_ns: int, *, without: int
) -> EventBatch:
    """An event for each slot whose thread is still in its call.

    Arguments come from /proc/TID/syscall, where the kernel shows them; a thread that is gone has none.
    """
    slots = slots[np.argsort(slots["start"], kind="stable")]
    pids = np.array([_tgid(int(tid)) for tid in slots["tid"]], np.int64)
    alive = (pids > 0) & (pids != without)
    slots, pids = slots[alive], pids[alive]
    columns = {name: np.zeros(len(slots), dtype) for name, dtype in EVENT_COLUMNS.items()}
    columns["time"][:] = now_boot_ns + boot_to_utc_ns
    columns["latency"][:] = now_boot_ns - slots["start"].astype(np.int64)
    columns["pid"][:] = pids
    columns["tid"][:] = slots["tid"]
    columns["fd"][:] = -1
    columns["code"][:] = slots["code"] & 0xFFFF
    columns["flags"][:] = int(EventFlag.IN_PROGRESS)
    x32 = (slots["code"] & _X32_BIT) != 0
    columns["flags"][x32] |= int(EventFlag.X32)
    narrow = [pid for pid in set(pids.tolist()) if _is_32_bit(pid)]
    columns["flags"][np.isin(pids, narrow) & ~x32] |= int(EventFlag.COMPAT)
    cgroup_ids = {pid: cgroup_id(pid) for pid in set(pids.tolist())}
    for row, (pid, tid, code) in enumerate(
        zip(pids.tolist(), slots["tid"].tolist(), slots["code"].tolist(), strict=True)
    ):
        columns["cgroup"][row] = cgroup_ids.get(pid, 0)
        for index, value in enumerate(_arguments(pid, tid, code)):
            columns[f"a{index}"][row] = value
    return EventBatch(columns, [], b"")


def _tgid(tid: int) -> int:
    """The process of a thread, 0 if it is gone."""
    try:
        status = Path(f"/proc/{tid}/status").read_bytes()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith(b"Tgid:"):
            return int(line.split()[1])
    return 0


def _is_32_bit(pid: int) -> bool:
    """Does a process run a program for i386? The slot does not tell through which entry a call came."""
    try:
        with Path(f"/proc/{pid}/exe").open("rb") as program:
            return program.read(len(_ELF_OF_32_BITS)) == _ELF_OF_32_BITS
    except OSError:
        return False


def _arguments(pid: int, tid: int, code: int) -> list[int]:
    try:
        fields = Path(f"/proc/{pid}/task/{tid}/syscall").read_text("ascii").split()
    except OSError:
        return []
    if len(fields) < 7 or fields[0] != str(code):
        return []
    return [int(field, 16) for field in fields[1:7]]
