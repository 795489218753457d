"""Compiled probes kept from one recording to the next: compiling takes seconds, loading a fraction of one.

A probe runs in the kernel with the recorder's rights, so that what is kept must be the recorder's own: nobody
else may be able to write the folder or a file in it, and a file's digest must be right. Whatever is amiss,
the probe is compiled again; that nothing can be kept harms nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from capture.agent.compiler import Compiled

KEPT = 64
"""Files; each is about 60 KB. The oldest go."""
_MAX = 8 << 20
_DIGEST = hashlib.sha256().digest_size


def folder() -> Path:
    """Where they are: systemd's CacheDirectory=, the system's cache for root, or the user's own."""
    if given := os.environ.get("CACHE_DIRECTORY"):
        return Path(given.split(":")[0]) / "probes"
    if not os.geteuid():
        return Path("/var/cache/exhume/probes")
    users = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(users, "exhume", "probes")


def kept(name: str) -> Compiled | None:
    """The probe of that digest, if it is there and whole."""
    try:
        with _opened(folder()) as place:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
            with os.fdopen(file, "rb") as source:
                if not _is_ours(os.fstat(file), stat.S_ISREG):
                    return None
                data = source.read(_MAX)
    except OSError:
        return None
    if hashlib.sha256(data[_DIGEST:]).digest() != data[:_DIGEST]:
        return None
    return Compiled.unpacked(data[_DIGEST:])


def keep(name: str, probe: Compiled) -> None:
    """Keep a probe for the next recording, if that is possible."""
    content = probe.packed()
    with contextlib.suppress(OSError):
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        with _opened(folder()) as place:
            temporary = f"{name}.{os.getpid()}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=place), "wb") as target:
                target.write(hashlib.sha256(content).digest() + content)
            os.rename(temporary, name, src_dir_fd=place, dst_dir_fd=place)
            _forget_old(place)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A folder of ours.

    Raises:
        OSError: It is not there, or somebody else may write there.
    """
    place = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not _is_ours(os.fstat(place), stat.S_ISDIR):
            raise PermissionError
        yield place
    finally:
        os.close(place)


def _is_ours(status: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    shared = stat.S_IWGRP | stat.S_IWOTH
    return is_kind(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & shared


def _forget_old(place: int) -> None:
    ages = {name: os.stat(name, dir_fd=place, follow_symlinks=False) for name in os.listdir(place)}
    for name in sorted(ages, key=lambda name: ages[name].st_mtime_ns)[:-KEPT]:
        os.unlink(name, dir_fd=place)
