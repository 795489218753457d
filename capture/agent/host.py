"""What is said of the machine, the recorder and the moment: the section block of a capture."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from capture.agent.host_root import is_elsewhere, on_host
from capture.agent.settings import Settings


def recorder_version() -> str:
    """The installed version of Exhume."""
    try:
        return version("exhume")
    except PackageNotFoundError:
        return "not installed"


def section(
    settings: Settings, boot_to_utc_ns: int, command: Sequence[str], features: Mapping[str, str]
) -> dict[str, Any]:
    """Facts about host, clock and recorder, as plain values.

    `features`: what is recorded beyond system calls: name → `recorded`, or why it is not.
    """
    name = os.uname()
    return {
        "capture_id": uuid.uuid4().hex,
        **({"evidence": dict(settings.evidence)} if settings.evidence else {}),
        "recorder": {
            "name": "exhume-capture",
            "version": recorder_version(),
            "command_line": [_word(word) for word in sys.argv[:64]],
            "settings": _plain(settings),
            "filter": [rule.row() for rule in settings.filter.rules],
            "traced_command": [_word(word) for word in command],
            "features": dict(features),
            "pid": os.getpid(),
            "uid": os.getuid(),
        },
        "host": {
            "hostname": _hostname(),
            "machine": name.machine,
            "kernel": name.release,
            "kernel_version": name.version,
            "os": _os_name(),
            "cpus": os.cpu_count() or 0,
            "memory": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            "machine_id": _first_line(on_host("/etc/machine-id")),
            "boot_id": _first_line(Path("/proc/sys/kernel/random/boot_id")),
            "page_size": os.sysconf("SC_PAGE_SIZE"),
        },
        "clock": {
            "started": time.time_ns(),
            "boot_to_utc": boot_to_utc_ns,
            "time_zone": time.strftime("%Z%z"),
            "clock_source": _first_line(
                Path("/sys/devices/system/clocksource/clocksource0/current_clocksource")
            ),
        },
    }


def _hostname() -> str:
    """The machine's name; a container has one of its own."""
    return (is_elsewhere() and _first_line(on_host("/etc/hostname"))) or os.uname().nodename


def _plain(settings: Settings) -> dict[str, Any]:
    """Settings as a file keeps them; the filter and what makes it evidence stand beside them."""
    named = asdict(settings) | {
        "redact": list(settings.redact),
        "payload": [rule.text for rule in settings.payload],
    }
    return {name: value for name, value in named.items() if name not in ("filter", "evidence")}


def _word(word: str) -> str:
    """A word of a command line, which need not be UTF-8, as text that a file can keep."""
    return os.fsencode(word).decode("utf-8", "backslashreplace")


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "backslashreplace").split("\n", 1)[0].strip()
    except OSError:
        return ""


def _os_name() -> str:
    for line in _lines(on_host("/etc/os-release")):
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return ""


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "backslashreplace").splitlines()
    except OSError:
        return []
