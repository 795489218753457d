"""Can this machine record? Each requirement by itself, with what to do where the answer is no."""

from __future__ import annotations

import os
import platform
import resource
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from capture.agent import privileges
from capture.agent.btf import KernelTypes
from capture.agent.compiler import import_bcc
from capture.agent.errors import CaptureError
from capture.agent.features import FEATURES, RECORDED, offered
from capture.agent.kernel import Kernel
from capture.agent.layout import kernel_constants
from capture.agent.settings import Settings

_MIN_KERNEL = (5, 8)
_MIN_FREE = 64 << 20
_NOT_TAKEN = "another kernel of the distribution, or a newer Exhume, may do; please report this line"
_BEFORE_THE_PROBE = {"kernel", "architecture", "BTF", "BCC", "privileges"}
"""Without these it need not be tried whether the kernel takes the probe."""
_INITIAL_PID_NAMESPACE = "pid:[4026531836]"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for one requirement."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
    """What to do; empty where nothing need be done."""
    needed: bool = True
    """Whether recording is impossible without it."""


def check_machine(folder: Path) -> list[Answer]:
    """Every requirement in turn. `folder`: where captures would be written."""
    checks: tuple[Callable[[], Answer], ...] = (
        _kernel,
        _architecture,
        _btf,
        _bcc,
        _privileges,
        *(partial(_capability, row) for row in privileges.CAPABILITIES if not row.needed),
        _pid_namespace,
        _tracefs,
        _memlock,
        lambda: _disk(folder),
    )
    answers = [check() for check in checks]
    stops = {answer.name for answer in answers if answer.needed and not answer.ok}
    return [*answers, *(_offered() if stops & _BEFORE_THE_PROBE else _probe())]


def _kernel() -> Answer:
    release = platform.release()
    numbers = tuple(int(part) for part in release.split("-")[0].split(".")[:2] if part.isdigit())
    wanted = ".".join(map(str, _MIN_KERNEL))
    return Answer(
        "kernel", numbers >= _MIN_KERNEL, f"Linux {release}", f"a kernel of {wanted} or later is needed"
    )


def _architecture() -> Answer:
    machine = platform.machine()
    return Answer("architecture", machine == "x86_64", machine, "recording needs an x86_64 machine")


def _btf() -> Answer:
    remedy = "a kernel built with CONFIG_DEBUG_INFO_BTF=y is needed; distribution kernels of recent years are"
    try:
        count = len(kernel_constants(KernelTypes()))
    except CaptureError as error:
        return Answer("BTF", False, str(error), remedy)
    return Answer("BTF", True, f"/sys/kernel/btf/vmlinux describes all {count} members that the probe reads")


def _probe() -> list[Answer]:
    """Whether the kernel takes the probe, tried: what its verifier lets pass no version number tells."""
    try:
        kernel = Kernel(Settings(), self_pid=os.getpid())
    except CaptureError as error:
        return [Answer("probe", False, str(error), _NOT_TAKEN), *_offered()]
    states = dict(kernel.features)
    found = f"loaded and taken out again: {kernel.form}"
    kernel.close()
    return [Answer("probe", True, found), *_features(states)]


def _offered() -> list[Answer]:
    """What the kernel's types offer, where the probe cannot be tried."""
    try:
        return _features(offered(KernelTypes()).states())
    except CaptureError:
        return []


def _features(states: Mapping[str, str]) -> list[Answer]:
    """What can be recorded beyond system calls; a recording does without what is missing."""
    return [
        Answer(
            feature.name,
            states[feature.name] == RECORDED,
            feature.meaning if states[feature.name] == RECORDED else states[feature.name],
            "not needed: the recording goes on without",
            needed=False,
        )
        for feature in FEATURES
    ]


def _bcc() -> Answer:
    try:
        module = import_bcc()
    except CaptureError as error:
        return Answer("BCC", False, "not usable", str(error))
    return Answer("BCC", True, f"version {getattr(module, '__version__', 'unknown')}")


def _privileges() -> Answer:
    obstacles = privileges.obstacles()
    found = "; ".join(obstacle.found for obstacle in obstacles) or "the probe may be loaded"
    remedy = "; ".join(obstacle.remedy for obstacle in obstacles)
    return Answer("privileges", not obstacles, f"user {os.geteuid()}: {found}", remedy)


def _capability(capability: privileges.Capability) -> Answer:
    there = privileges.has(capability)
    found = "there" if there else f"missing; not recorded: {capability.lacking}"
    return Answer(
        capability.name, there, found, "run as root, or give the recorder this capability", needed=False
    )


def _pid_namespace() -> Answer:
    try:
        found = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        found = "not readable"
    return Answer(
        "process ids",
        found == _INITIAL_PID_NAMESPACE,
        "the host's own" if found == _INITIAL_PID_NAMESPACE else f"another namespace ({found})",
        "run on the host, or in a container with the host's pid namespace (--pid=host)",
    )


def _tracefs() -> Answer:
    places = [Path("/sys/kernel/tracing/events"), Path("/sys/kernel/debug/tracing/events")]
    there = any(_is_folder(place) for place in places)
    return Answer(
        "tracefs",
        there,
        "mounted" if there else "not mounted",
        "not needed for recording; for other tools: mount -t tracefs tracefs /sys/kernel/tracing",
        needed=False,
    )


def _is_folder(place: Path) -> bool:
    """Whether there is one that may be looked into."""
    try:
        return place.is_dir()
    except OSError:
        return False


def _memlock() -> Answer:
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    unlimited = soft == resource.RLIM_INFINITY
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdigit())
    ok = unlimited or release >= (5, 11) or soft >= Settings().buffer_mib << 21
    found = "unlimited" if unlimited else f"{soft >> 10} KiB"
    if release >= (5, 11):
        found += ", not counted by this kernel"
    # The recorder lifts the limit where it may: whether it could is seen by loading the probe.
    remedy = "only where the probe is refused: ulimit -l unlimited, or CAP_SYS_RESOURCE"
    return Answer("locked memory", ok, found, remedy, needed=False)


def _disk(folder: Path) -> Answer:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Answer("disk", False, f"{folder}: {error.strerror}", "choose a folder that exists with -o")
    writable = os.access(folder, os.W_OK)
    found = f"{free / (1 << 30):.1f} GiB free in {folder}" + ("" if writable else ", not writable")
    return Answer(
        "disk", writable and free >= _MIN_FREE, found, "make room, or choose another folder with -o"
    )
