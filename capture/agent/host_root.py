"""Where the recorded machine's files are: at / on the machine itself, at a mount of its root in a container.

Processes are seen through /proc, which shows those of the host where the container has the host's pid
namespace. All else that is read of the host (users, runtimes' files, cgroups, its name) lies below its root.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path("/")
_root = _HERE


def look_below(root: Path) -> None:
    """From now on the machine's root is there."""
    global _root  # noqa: PLW0603  one machine is recorded, and every look-up is of it
    _root = root


def host_root() -> Path:
    """The machine's root."""
    return _root


def is_elsewhere() -> bool:
    """Whether the machine's root is not our own: we are in a container."""
    return _root != _HERE


def on_host(path: str) -> Path:
    """Where a file of the machine is."""
    return _root / path.lstrip("/")
