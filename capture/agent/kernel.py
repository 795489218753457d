"""The running kernel: the probe for it, loaded and attached, and what it counts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from capture.agent import bpf_call, compiler, hierarchies, privileges, probe_cache
from capture.agent.btf import KernelTypes
from capture.agent.compiler import BPF_SOURCE, CAST, SELF, Compiled, NotCompiledError
from capture.agent.errors import CaptureError
from capture.agent.features import FEATURES, TAILS, Feature, offered
from capture.agent.filter_tables import FilterTables
from capture.agent.lanes import CallLane, Lane, call_lanes
from capture.agent.layout import kernel_constants, missing_facts
from capture.agent.payload_tables import PayloadTables, payload_constants
from capture.agent.plan import CATEGORIES, PLANS, SOCKETCALL_PLANS, privileged_words, probe_plans
from capture.agent.pressure import CONTROL, COUNT_KEY, COUNT_VALUE, COUNTS, FEW_COUNTS, GIVEN_UP
from capture.agent.probe import Probe
from capture.agent.records import KEPT
from capture.agent.settings import TEXT_MAX, CallSizes, LaneSpec, Settings
from capture.model.abi import Abi
from capture.model.catalogue import spec_named

Array = np.ndarray[Any, np.dtype[Any]]

PROBE_PARTS = (
    *("record", "objects", "thread", "filter", "tails", "plan", "policy", "copying", "pressure"),
    *("program", "calls", "process", "content"),
)
"""Files of the probe, in the order in which they are compiled as one: BCC rewrites the main file alone."""
_TYPED_FROM = (5 << 16) + (15 << 8)
"""Kernels that let a probe follow their types from the current thread on (bpf_task_pt_regs)."""
_BY_READING, _FROM_THREAD, _FROM_ANYWHERE = range(3)
"""How a probe reads the kernel's structs, the last one being the quickest: TYPED of bpf/record.c."""
FORMS = (
    "the kernel's members are read by calls into it",
    "what the current thread leads to is read by instructions",
    "all members are read by instructions",
)
"""Of each, what it means, slowest first."""
_TAKEN_FOR = {"FILE": "file", "SOCKET": "socket", "REGS": "pt_regs", "WORDS": "timespec64"}
"""Structs that addresses are taken for; any that begins with eight bytes without a meaning does for WORDS."""
_GROWS_FROM = (6 << 16) + (1 << 8)
_NO_PREALLOC = 1
"""BPF_F_NO_PREALLOC of linux/bpf.h."""
_COUNTS_AT_ONCE = 1 << 14
SLOTS = 1 << 17
MAX_VECS = 8
MAX_MSGS = 16
"""Messages of sendmmsg and recvmmsg that are followed."""
_NAMED_CALLS = ("close", "execve", "execveat", "clone", "clone3", "fork", "vfork", "rt_sigreturn", "openat2")
_NOT_THERE = 0xFFFF
"""Stands for the number of a call that an architecture lacks."""

PROBES = (
    "sched_process_fork",
    "sched_process_exec",
    "sched_process_exit",
    "sys_enter",
    "sys_exit",
)

LANE_NAMES = ("calls", "life", "exec", "other", "uring")
"""Where events may be lost; the probe's `LANE_` constants."""

SLOT = np.dtype(
    [
        ("start", "<u8"),
        ("regs", "<u8"),
        ("tid", "<u4"),
        ("code", "<u4"),
        ("muted", "<u4"),
        ("script", "<u4"),
        ("ino", "<u8"),
        ("dev", "<u4"),
        ("mode", "<u2"),
        ("unused2", "<u2"),
    ]
)
"""`struct slot` of bpf/thread.c."""


def probe_text(features: Iterable[Feature] = FEATURES) -> str:
    """The whole probe with these features; the compiler's messages name the part and its line."""
    names = (*PROBE_PARTS, *(feature.part for feature in features))
    parts = ((name, (BPF_SOURCE / f"{name}.c").read_text()) for name in names)
    return "".join(f'#line 1 "{name}.c"\n{text}' for name, text in parts)


class Kernel:
    """The loaded probe: its lanes, its counters, and what threads are in the middle of."""

    def __init__(self, settings: Settings, *, self_pid: int) -> None:
        """Compile, load and attach.

        Raises:
            CaptureError: The machine cannot record; the message says what is missing.
        """
        arch = os.uname().machine
        if arch != "x86_64":
            raise CaptureError(f"this recorder knows x86_64 machines, this one is {arch}")
        if privileges.obstacles():
            # Told before compiling, which takes seconds.
            raise CaptureError(_not_let(privileges.refusal()))
        rings = settings.lanes()
        calls = settings.calls(possible_processors())
        types = KernelTypes()
        self._offer = offered(types)
        constants = {**kernel_constants(types), **self._offer.constants}
        self.notes = [f"not recorded: {what}" for what in missing_facts(constants)]
        """What this kernel does not tell, a sentence each."""
        constants |= settings.filter.constants()
        constants |= hierarchies.constants(types) if settings.filter or settings.payload else {}
        self.filter: FilterTables | None = None
        """What the recording leaves out, None where it leaves out nothing."""
        self.payload: PayloadTables | None = None
        """Rules for payload, None where there are none."""
        self._cast = types.function("bpf_rdonly_cast") or 0
        self._types = {f"TYPE_{name}": types.number(struct) for name, struct in _TAKEN_FOR.items()}
        self._probe = self._loaded(settings, {**constants, **_sizes(settings, rings, calls)}, self_pid)
        self._attach(settings, probe_plans())
        self.lanes: list[CallLane | Lane] = [
            *call_lanes(
                calls, *(self._probe.map_fd(name) for name in ("positions", "stamps", "heads", "bytes"))
            ),
            *(Lane(spec, self._probe.map_fd(spec.name)) for spec in rings),
        ]
        self._slots = self._probe.mapped("slots", SLOT, SLOTS)
        self.control = self._probe.mapped("controls", CONTROL, 1, writable=True)
        """What probe and recorder tell each other; see capture/agent/pressure.py."""
        self._files_begun = self.mapped("files_begun", 1)
        shape = (calls.cpus, len(LANE_NAMES) + len(GIVEN_UP), len(CATEGORIES))
        self.lost = self._probe.mapped("lost", np.uint64, int(np.prod(shape))).reshape(shape)
        """What found no room since the start, by processor, lane and category; last, GIVEN_UP."""
        self._keys = np.zeros(_COUNTS_AT_ONCE, COUNT_KEY)
        self._values = np.zeros(_COUNTS_AT_ONCE, COUNT_VALUE)

    def _loaded(self, settings: Settings, sizes: Mapping[str, int | str], self_pid: int) -> Probe:
        """The probe in its quickest form, or in the next that this kernel takes."""
        quickest = _FROM_THREAD if _kernel_version() >= _TYPED_FROM else _BY_READING
        if self._cast:
            quickest = _FROM_ANYWHERE
        for form in range(quickest, -1, -1):
            flags = _defines({**sizes, **self._types, "SELF": SELF, "CAST": CAST, "TYPED": form})
            probe: Probe | None = None
            try:
                compiled = _compiled(probe_text(self._offer.features), flags, keep=settings.keeps_probe)
                probe = Probe(compiled, self_pid=self_pid, cast=self._cast)
                for name in PROBES:
                    probe.load(f"on_{name}")
            except (OSError, NotCompiledError) as error:
                if probe:
                    probe.close()
                if form > _BY_READING:
                    continue
                raise CaptureError(_why_not_loaded(error)) from error
            self.form = FORMS[form]
            """How the probe reads the kernel's structs; a slower way than was wanted is no error."""
            return probe
        raise AssertionError

    def _attach(self, settings: Settings, plans: Array) -> None:
        try:
            # Before the first event: a call without its plan would be taken for another.
            for number, plan in enumerate(plans):
                self._probe.put("plans", number.to_bytes(4, "little"), plan.tobytes())
            if settings.payload:
                self.payload = PayloadTables(settings.payload, self)
                self.payload.fill()
            if settings.filter:
                self.filter = FilterTables(settings.filter, self, possible_processors())
            # The verifier takes its time for each program; all shall begin at one moment.
            for feature in list(self._offer.features):
                self._load_feature(feature)
            for feature in list(self._offer.features):
                self._attach_feature(feature)
            for name in PROBES:
                if name == "sys_enter" and self.filter:
                    self.filter.fill()
                self._probe.attach(name)
        except OSError as error:
            raise CaptureError(_why_not_loaded(error)) from error

    @property
    def features(self) -> Mapping[str, str]:
        """Each feature's name with `recorded`, or why it is not."""
        return self._offer.states()

    def take_counts(self, side: int) -> tuple[Array, Array]:
        """The keys and values of a table of counts that the probe does not write now; it is emptied.

        Raises:
            OSError: The kernel would not.
        """
        fd = self._probe.map_fd(("counts_a", "counts_b")[side])
        keys, values = [self._keys[:0]], [self._values[:0]]
        at, is_last = None, False
        while not is_last:
            places = (self._keys.ctypes.data, self._values.ctypes.data)
            at, taken, is_last = bpf_call.take_batch(fd, at, *places, _COUNTS_AT_ONCE)
            keys.append(self._keys[:taken].copy())
            values.append(self._values[:taken].copy())
        return np.concatenate(keys), np.concatenate(values)

    def in_progress(self) -> np.ndarray[Any, np.dtype[np.void]]:
        """The slots of threads that are in a call now; `start` is boot time in ns."""
        slots: np.ndarray[Any, np.dtype[np.void]] = self._slots.copy()
        waiting: np.ndarray[Any, np.dtype[np.void]] = slots[
            (slots["start"] > 0) & (slots["muted"] != slots["tid"])
        ]
        return waiting

    def close(self) -> None:
        """Detach: nothing is recorded from here on; what lies in the lanes can still be taken."""
        self._probe.close()

    def detach(self) -> None:
        """Stop the programs, keep the maps."""
        self._probe.detach()

    def _load_feature(self, feature: Feature) -> None:
        """Load a feature's programs: all, or the recording does without it."""
        try:
            for name in feature.tracepoints:
                self._probe.load(f"on_{name}")
            for name in feature.tails:
                place, program = TAILS.index(name), self._probe.load(name)
                self._probe.put_number("tails", place.to_bytes(4, "little"), program)
        except OSError as error:
            self._offer.without(feature, _why_not_loaded(error))

    def _attach_feature(self, feature: Feature) -> None:
        """Attach a feature's programs: all, or none if the kernel refuses one."""
        attached: list[str] = []
        try:
            for name in feature.tracepoints:
                self._probe.attach(name)
                attached.append(name)
        except OSError as error:
            self._probe.detach(*attached)
            self._offer.without(feature, _why_not_loaded(error))

    def begin_file(self) -> None:
        """Another file has begun: what the probe tells once only is told again."""
        self._files_begun[0] += np.uint64(1)

    def put(self, table: str, key: bytes, value: int) -> None:
        """Write an entry of a table of the probe."""
        self._probe.put_number(table, key, value)

    def mapped(self, table: str, count: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """A table of 64-bit values as the probe sees it, to read and to write."""
        return self._probe.mapped(table, np.uint64, count, writable=True)


def _compiled(text: str, flags: Sequence[str], *, keep: bool) -> Compiled:
    """The probe, from an earlier recording or compiled now.

    Raises:
        CaptureError: There is no compiler.
        NotCompiledError: It failed.
    """
    name = compiler.digest(text, flags)
    if (found := probe_cache.kept(name)) is None:
        found = compiler.compiled(text, flags)
        if keep:
            probe_cache.keep(name, found)
    return found


def possible_processors() -> int:
    """Processors that the kernel may ever number, also those that are off."""
    listed = Path("/sys/devices/system/cpu/possible").read_text("ascii")
    return int(listed.replace(",", "-").split("-")[-1]) + 1


def _sizes(settings: Settings, rings: Sequence[LaneSpec], calls: CallSizes) -> dict[str, int | str]:
    numbers = {f"NR_{name}": spec_named(name).x86_64 for name in _NAMED_CALLS}
    return {
        "RUNNING_KERNEL": _kernel_version(),
        **payload_constants(settings.payload, settings.snaplen),
        "TEXT_MAX": TEXT_MAX,
        "SLOTS": SLOTS,
        "PLANS": PLANS,
        "SOCKETCALLS": SOCKETCALL_PLANS,
        "MAX_VECS": MAX_VECS,
        "MAX_MSGS": MAX_MSGS,
        "CPUS": calls.cpus,
        "RECORDS": calls.records,
        "HEAD_ROOM": calls.heads,
        "KEPT": KEPT,
        "RECORD_BYTES": calls.record_bytes,
        "SEGMENT": calls.segment,
        "SEGMENTS": calls.segments,
        **{f"{ring.name.upper()}_DATA": ring.data for ring in rings},
        **{f"{ring.name.upper()}_SECOND": ring.second for ring in rings},
        **{f"{ring.name.upper()}_PAGES": ring.pages for ring in rings},
        "ENVIRONMENT": int(settings.environment),
        "CATEGORIES": len(CATEGORIES),
        # Tables of probes that take memory as they fill are safe from 6.1 on (bpf_mem_alloc).
        "COUNTS": COUNTS if _kernel_version() >= _GROWS_FROM else FEW_COUNTS,
        "COUNTS_FLAGS": _NO_PREALLOC if _kernel_version() >= _GROWS_FROM else 0,
        **{f"CATEGORY_{name.name}": at for at, name in enumerate(CATEGORIES)},
        **{f"TAIL_{name.upper()}": at for at, name in enumerate(TAILS)},
        **_privileged(),
        **{name: _NOT_THERE if number is None else number for name, number in numbers.items()},
    }


def _privileged() -> dict[str, str]:
    """The calls over which credentials are compared, by entry and of any."""
    native, compat = privileged_words(Abi.X86_64), privileged_words(Abi.I386)
    either = [one | other for one, other in zip(native, compat, strict=True)]
    tables = {"": native, "_COMPAT": compat, "_ANY": either}
    return {
        f"PRIVILEGED{name}_{at}": f"{word:#x}ULL"
        for name, words in tables.items()
        for at, word in enumerate(words)
    }


def _defines(constants: Mapping[str, int | str]) -> list[str]:
    return [f"-D{name}={value}" for name, value in constants.items()]


def _kernel_version() -> int:
    """The running kernel's version as LINUX_VERSION_CODE has it; else BCC warns of headers of another one."""
    release = os.uname().release.split("-")[0].split(".")
    major, minor, patch = (int(part) for part in (*release, "0", "0")[:3])
    return (major << 16) + (minor << 8) + min(patch, 255)


def _not_let(refusal: str) -> str:
    return f"the kernel does not let the probe load: {refusal}"


def _why_not_loaded(error: OSError | NotCompiledError) -> str:
    if refusal := privileges.refusal():
        return _not_let(refusal)
    return f"the probe could not be loaded into this kernel ({os.uname().release}): {_reason(error)}"


def _reason(error: OSError | NotCompiledError) -> str:
    """The line that tells why, of all that compiler or verifier said."""
    if isinstance(error, NotCompiledError):
        lines = [line for line in str(error).splitlines() if line.strip() and "generated." not in line]
        return next((line for line in reversed(lines) if "error" in line), str(error)).strip()
    lines = [line for line in getattr(error, "said", "").splitlines() if line.strip()]
    # The verifier's last words are how much it looked at.
    reasons = [line for line in lines if not line.startswith(("processed ", "verification time "))]
    return f"{error.strerror or error}: {reasons[-1].strip()}" if reasons else str(error)
