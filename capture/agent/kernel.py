"""The running kernel: compiling, loading and attaching the probe. The only module that knows BCC.

BCC insists on kernel headers, which most nodes lack; the probe needs none of their content, so a root
of a few small headers of our own is put in their place (bpf/include). Nothing is written anywhere: file
systems may be read-only, and /tmp closed.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import mmap
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from capture.agent import privileges
from capture.agent.btf import KernelTypes
from capture.agent.errors import CaptureError
from capture.agent.features import FEATURES, TAILS, Feature, offered
from capture.agent.filter_tables import FilterTables
from capture.agent.lanes import CallLane, Lane, call_lanes
from capture.agent.layout import kernel_constants, missing_facts
from capture.agent.payload_tables import PayloadTables, payload_constants
from capture.agent.plan import CATEGORIES, PLANS, privileged_words, probe_plans
from capture.agent.pressure import CONTROL, COUNT_KEY, COUNT_VALUE, COUNTS, FEW_COUNTS, GIVEN_UP
from capture.agent.settings import TEXT_MAX, CallSizes, LaneSpec, Settings
from capture.model.abi import Abi
from capture.model.catalogue import spec_named

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[Any, np.dtype[Any]]

BPF_SOURCE = Path(__file__).parent / "bpf"
PROBE_PARTS = (
    *("record", "objects", "thread", "filter", "tails", "plan", "policy", "copying", "pressure"),
    *("program", "calls", "process"),
)
"""Files of the probe, in the order in which they are compiled as one: BCC rewrites the main file alone."""
_TYPED_FROM = (5 << 16) + (15 << 8)
"""Kernels that let a probe follow their types from the current thread on (bpf_task_pt_regs)."""
_GROWS_FROM = (6 << 16) + (1 << 8)
_NO_PREALLOC = 1
"""BPF_F_NO_PREALLOC of linux/bpf.h."""
_COUNTS_AT_ONCE = 1 << 14
SLOTS = 1 << 17
MAX_VECS = 8
MAX_MSGS = 16
"""Messages of sendmmsg and recvmmsg that are followed."""
_DISTRIBUTION = "/usr/lib/python3/dist-packages"
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

INSTALL_BCC = (
    "install BCC for Python: apt-get install python3-bpfcc (Debian, Ubuntu), "
    "dnf install python3-bcc (Fedora), pacman -S python-bcc (Arch), zypper install python3-bcc (SUSE)"
)


def import_bcc() -> Any:
    """The distribution's BCC module, also from another interpreter than the distribution's own.

    Raises:
        CaptureError: It is not installed, or cannot be loaded.
    """
    # The distribution's folder is searched last and for this import alone: nothing else may come from it.
    sys.path.append(_DISTRIBUTION)
    try:
        module = importlib.import_module("bcc")
    except (ImportError, OSError) as error:
        raise CaptureError(
            f"recording needs BCC, and it cannot be loaded ({error}): {INSTALL_BCC}"
        ) from error
    finally:
        sys.path.remove(_DISTRIBUTION)
    if not hasattr(module, "BPF"):
        raise CaptureError(f"the module 'bcc' found is another project's: {INSTALL_BCC}")
    return module


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
        rings = settings.lanes()
        calls = settings.calls(possible_processors())
        bcc = import_bcc()
        types = KernelTypes()
        self._offer = offered(types)
        constants = {**kernel_constants(types), **self._offer.constants}
        self.is_typed = False
        """Whether the probe follows the kernel's types: each member that it reads is then one instruction."""
        self.notes = [f"not recorded: {what}" for what in missing_facts(constants)]
        """What this kernel does not tell, a sentence each."""
        constants |= settings.filter.constants()
        self.filter: FilterTables | None = None
        """What the recording leaves out, None where it leaves out nothing."""
        self.payload: PayloadTables | None = None
        """Rules for payload, None where there are none."""
        os.environ["BCC_KERNEL_SOURCE"] = str(BPF_SOURCE)
        sizes = {**constants, **_sizes(settings, rings, calls), "SELF": self_pid}
        self._load(bcc, sizes)
        self._attach(settings, probe_plans())
        self.lanes: list[CallLane | Lane] = [
            *call_lanes(calls, *(self._bpf[name].map_fd for name in ("positions", "heads", "bytes"))),
            *(Lane(spec, self._bpf[spec.name].map_fd) for spec in rings),
        ]
        self._slots = self._map("slots", SLOT, SLOTS)
        self.control = self._map("controls", CONTROL, 1, writable=True)
        """What probe and recorder tell each other; see capture/agent/pressure.py."""
        self._files_begun = self.mapped("files_begun", 1)
        shape = (calls.cpus, len(LANE_NAMES) + len(GIVEN_UP), len(CATEGORIES))
        self.lost = self._map("lost", np.dtype("<u8"), int(np.prod(shape))).reshape(shape)
        """What found no room since the start, by processor, lane and category; last, GIVEN_UP."""
        self._keys = np.zeros(_COUNTS_AT_ONCE, COUNT_KEY)
        self._values = np.zeros(_COUNTS_AT_ONCE, COUNT_VALUE)
        self._take = bcc.libbcc.lib.bpf_lookup_and_delete_batch

    def _load(self, bcc: Any, sizes: Mapping[str, int | str]) -> None:
        """Load the probe in its quick form, or in the one that every kernel takes."""
        for typed in (True, False) if _kernel_version() >= _TYPED_FROM else (False,):
            flags = _defines({**sizes, "TYPED": int(typed)})
            with _silenced_stderr() as said:
                try:
                    self._bpf = bcc.BPF(text=probe_text(self._offer.features), cflags=flags)
                    for name in PROBES:
                        self._bpf.load_func(f"on_{name}", bcc.BPF.RAW_TRACEPOINT)
                except Exception as error:  # BCC raises bare Exception
                    if typed:
                        continue
                    raise CaptureError(_why_not_loaded(error, said())) from error
                self.is_typed = typed
                return

    def _attach(self, settings: Settings, plans: np.ndarray[Any, np.dtype[Any]]) -> None:
        with _silenced_stderr() as said:
            try:
                # Before the first event: a call without its plan would be taken for another.
                self._write_plans(plans)
                if settings.payload:
                    self.payload = PayloadTables(settings.payload, self)
                    self.payload.fill()
                if settings.filter:
                    self.filter = FilterTables(settings.filter, self, possible_processors())
                # The verifier takes its time for each program; all shall begin at one moment.
                for feature in list(self._offer.features):
                    self._load_feature(feature, said)
                self._attached = list(PROBES)
                for feature in list(self._offer.features):
                    self._attach_feature(feature, said)
                for name in PROBES:
                    if name == "sys_enter" and self.filter:
                        self.filter.fill()
                    self._bpf.attach_raw_tracepoint(tp=name, fn_name=f"on_{name}")
            except CaptureError:
                raise
            except Exception as error:  # BCC raises bare Exception
                raise CaptureError(_why_not_loaded(error, said())) from error

    @property
    def features(self) -> Mapping[str, str]:
        """Each feature's name with `recorded`, or why it is not."""
        return self._offer.states()

    def take_counts(self, side: int) -> tuple[Array, Array]:
        """The keys and values of a table of counts that the probe does not write now; it is emptied.

        Raises:
            OSError: The kernel would not.
        """
        fd = self._bpf[("counts_a", "counts_b")[side]].map_fd
        pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (self._keys, self._values)]
        keys, values = [self._keys[:0]], [self._values[:0]]
        at, after = None, ctypes.c_uint32()
        while True:
            count = ctypes.c_uint32(_COUNTS_AT_ONCE)
            failed = self._take(fd, at, ctypes.byref(after), *pointers, ctypes.byref(count))
            # Its way to say that these were all.
            if failed and (code := ctypes.get_errno()) != errno.ENOENT:
                raise OSError(code, f"counts of calls could not be read: {os.strerror(code)}")
            keys.append(self._keys[: count.value].copy())
            values.append(self._values[: count.value].copy())
            if failed:
                return np.concatenate(keys), np.concatenate(values)
            at = ctypes.byref(ctypes.c_uint32(after.value))

    def in_progress(self) -> np.ndarray[Any, np.dtype[np.void]]:
        """The slots of threads that are in a call now; `start` is boot time in ns."""
        slots: np.ndarray[Any, np.dtype[np.void]] = self._slots.copy()
        waiting: np.ndarray[Any, np.dtype[np.void]] = slots[
            (slots["start"] > 0) & (slots["muted"] != slots["tid"])
        ]
        return waiting

    def close(self) -> None:
        """Detach: nothing is recorded from here on; what lies in the lanes can still be taken."""
        self._bpf.cleanup()

    def detach(self) -> None:
        """Stop the programs, keep the maps."""
        for name in self._attached:
            self._bpf.detach_raw_tracepoint(name)

    def _load_feature(self, feature: Feature, said: Callable[[], str]) -> None:
        """Load a feature's programs: all, or the recording does without it."""
        try:
            for name in feature.tracepoints:
                self._bpf.load_func(f"on_{name}", self._bpf.RAW_TRACEPOINT)
            for name in feature.tails:
                program = self._bpf.load_func(name, self._bpf.RAW_TRACEPOINT)
                self._bpf["tails"][TAILS.index(name)] = program
        except Exception as error:  # noqa: BLE001  BCC raises bare Exception; the recording does without this one
            self._offer.without(feature, _why_not_loaded(error, said()))

    def _attach_feature(self, feature: Feature, said: Callable[[], str]) -> None:
        """Attach a feature's programs: all, or none if the kernel refuses one."""
        attached: list[str] = []
        try:
            for name in feature.tracepoints:
                self._bpf.attach_raw_tracepoint(tp=name, fn_name=f"on_{name}")
                attached.append(name)
        except Exception as error:  # noqa: BLE001  BCC raises bare Exception; the recording does without this one
            for name in attached:
                self._bpf.detach_raw_tracepoint(name)
            self._offer.without(feature, _why_not_loaded(error, said()))
        else:
            self._attached += attached

    def begin_file(self) -> None:
        """Another file has begun: what the probe tells once only is told again."""
        self._files_begun[0] += np.uint64(1)

    def put(self, table: str, key: bytes, value: int) -> None:
        """Write an entry of a table of the probe."""
        entries = self._bpf[table]
        entries[entries.Key.from_buffer_copy(key)] = entries.Leaf(value)

    def mapped(self, table: str, count: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """A table of 64-bit values as the probe sees it, to read and to write."""
        view = mmap.mmap(self._bpf[table].map_fd, count * 8, mmap.MAP_SHARED)
        return np.frombuffer(view, np.uint64)

    def _write_plans(self, plans: np.ndarray[Any, np.dtype[Any]]) -> None:
        table = self._bpf["plans"]
        for number, plan in enumerate(plans):
            table[table.Key(number)] = table.Leaf.from_buffer_copy(plan.tobytes())

    def _map(self, table: str, dtype: np.dtype[Any], count: int, *, writable: bool = False) -> Array:
        """A table of the kernel as an array."""
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        view = mmap.mmap(self._bpf[table].map_fd, count * dtype.itemsize, mmap.MAP_SHARED, protection)
        return np.frombuffer(view, dtype)


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
        "MAX_VECS": MAX_VECS,
        "MAX_MSGS": MAX_MSGS,
        "CPUS": calls.cpus,
        "RECORDS": calls.records,
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


@contextmanager
def _silenced_stderr() -> Iterator[Any]:
    """The compiler and libbpf write straight to descriptor 2: keep it for the message if they fail."""
    sys.stderr.flush()
    kept = os.dup(2)
    with os.fdopen(os.memfd_create("exhume-compiler"), "w+b") as sink:
        os.dup2(sink.fileno(), 2)

        def said() -> str:
            sink.seek(0)
            return sink.read().decode("utf-8", "replace")

        try:
            yield said
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _why_not_loaded(error: Exception, said: str) -> str:
    if refusal := privileges.refusal():
        return f"the kernel did not let the probe load: {refusal}"
    lines = [line for line in said.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "error" in line or "invalid" in line), str(error))
    return f"the probe could not be loaded into this kernel ({os.uname().release}): {last.strip()}"
