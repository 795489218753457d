"""What the recorder may do: which capabilities it needs and has, and giving up the others (capabilities(7)).

Root is not needed: `CAPABILITIES` is the whole list, and the files in resources/deploy name these and no
others. Capabilities belong to a thread, and a thread made later has those of its maker.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Capability:
    """One capability that recording uses."""

    name: str
    bit: int
    """Its number (include/uapi/linux/capability.h)."""
    needed: bool
    """Whether nothing can be recorded without it."""
    lacking: str
    """What a recording without it lacks."""


CAPABILITIES = (
    Capability("CAP_BPF", 39, True, "the probe cannot be loaded"),
    Capability("CAP_PERFMON", 38, True, "the probe may not read the kernel's memory"),
    Capability(
        "CAP_SYS_PTRACE",
        19,
        False,
        "of other users' processes that ran before: their programs, folders, namespaces and descriptors",
    ),
    Capability(
        "CAP_DAC_READ_SEARCH",
        2,
        False,
        "what only root may read: names and images of containers, descriptors of other users' processes",
    ),
)
"""What recording uses, all of it. CAP_SYS_ADMIN does for the first two."""

_SYS_ADMIN, _DAC_OVERRIDE, _KILL = 21, 1, 5
_EVERYONE = "0 0 4294967295"
_VERSION = 0x20080522  # _LINUX_CAPABILITY_VERSION_3
_PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    """Two of these: bits 0 to 31, then 32 to 63."""

    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def effective() -> int:
    """The calling thread's effective capabilities, as bits."""
    low, high = _get()
    return int(low.effective) | int(high.effective) << 32


def has(capability: Capability) -> bool:
    """Whether the calling thread may do that."""
    bits = effective()
    by_admin = capability.needed and bits >> _SYS_ADMIN & 1
    return bool(bits >> capability.bit & 1 or by_admin)


def missing() -> list[Capability]:
    """Those that the calling thread lacks."""
    return [capability for capability in CAPABILITIES if not has(capability)]


def notes() -> list[str]:
    """What a recording with the calling thread's capabilities lacks, a sentence each."""
    return [
        f"recorded without {row.name}, so not recorded: {row.lacking}" for row in missing() if not row.needed
    ]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something for which the kernel refuses the probe."""

    found: str
    remedy: str


def obstacles() -> list[Obstacle]:
    """Why this kernel would refuse the probe, as far as it can be told."""
    found = []
    lacking = [capability.name for capability in missing() if capability.needed]
    if lacking:
        found.append(
            Obstacle(
                f"{' and '.join(lacking)} missing",
                f"run as root, or give the recorder the capabilities {_names()}",
            )
        )
    elif _line_of("/proc/self/uid_map").split() not in ([], _EVERYONE.split()):
        found.append(
            Obstacle(
                "capabilities of a user namespace do not count",
                "run outside of it; in a container: not a rootless one, without a user namespace of its own",
            )
        )
    if "[confidentiality]" in _line_of("/sys/kernel/security/lockdown"):
        found.append(
            Obstacle(
                "the kernel is locked down for confidentiality: no probe may read its memory",
                "boot with lockdown=integrity or none",
            )
        )
    return found


def refusal() -> str:
    """One sentence for a user whose probe the kernel refused to load."""
    found = obstacles()
    if not found and _status("Seccomp") not in ("", "0"):
        found = [Obstacle("a seccomp filter is in force", "let it pass bpf(2), perf_event_open(2)")]
    if not found:
        return ""
    return "; ".join(f"{obstacle.found}: {obstacle.remedy}" for obstacle in found)


def give_up(folder: Path, *, command: bool) -> None:
    """Keep of the calling thread's capabilities what recording on needs, and let no program regain any.

    Args:
        folder: where files are written.
        command: whether there is a command that may have to be ended, whoever it runs as.
    """
    kept = sum(1 << capability.bit for capability in CAPABILITIES if capability.name != "CAP_PERFMON")
    if _of_somebody_else(folder):
        kept |= 1 << _DAC_OVERRIDE
    if command:
        kept |= 1 << _KILL
    low, high = _get()
    for half, bits in ((low, kept & 0xFFFFFFFF), (high, kept >> 32)):
        half.permitted &= bits
        half.effective &= bits
        half.inheritable = 0
    libc = _libc()
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.capset(ctypes.byref(_Header(_VERSION, 0)), ctypes.byref((_Sets * 2)(low, high))):
        raise OSError(ctypes.get_errno(), "capabilities could not be given up")


def _of_somebody_else(folder: Path) -> bool:
    try:
        return folder.stat().st_uid != os.geteuid()
    except OSError:
        return False


def _get() -> tuple[_Sets, _Sets]:
    sets = (_Sets * 2)()
    if _libc().capget(ctypes.byref(_Header(_VERSION, 0)), ctypes.byref(sets)):
        raise OSError(ctypes.get_errno(), "capabilities cannot be read")
    return sets[0], sets[1]


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _names() -> str:
    names = [capability.name for capability in CAPABILITIES]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _line_of(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError:
        return ""


def _status(key: str) -> str:
    lines: Iterable[str] = _line_of("/proc/self/status").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{key}:")), "")
