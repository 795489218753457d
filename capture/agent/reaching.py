"""Reaching a program's file after it was begun: through its process, by its path, where it may be mounted.

Wherever something is found, only its identity tells whether it is the file that the kernel ran.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from os.path import normpath
from pathlib import Path

from capture.agent.host_root import host_root
from capture.agent.mounts import mounts
from capture.agent.proc_files import kernel_dev, text
from capture.agent.programs import BegunProgram, BegunScript

_libc = ctypes.CDLL(None, use_errno=True)
_OPENAT2, _RESOLVE_IN_ROOT = 437, 0x10
"""Number of the call on every architecture; <linux/openat2.h>."""


class NotFoundError(Exception):
    """A file could not be reached any more."""


@contextmanager
def opened(program: BegunProgram, found_at: list[bytes]) -> Iterator[int]:
    """A descriptor to read a program's file by, wherever it can be reached.

    Args:
        program: whose file.
        found_at: where it was found before, to look there first; holds the place afterwards.

    Raises:
        NotFoundError: It cannot be reached any more.
        OSError: It may not be read.
    """
    for path in chain(tuple(found_at), _places(program)):
        try:
            # A path alone opens nothing: neither a device nor a pipe notices.
            found = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            if is_the_one(os.fstat(found), program):
                found_at[:] = [path]
                descriptor = _readable(found)
                try:
                    yield descriptor
                finally:
                    os.close(descriptor)
                return
        finally:
            os.close(found)
    raise NotFoundError


def _readable(found: int) -> int:
    """The same file to read, without leaving a trace in its time of access where that is permitted."""
    path = f"/proc/self/fd/{found}"
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOATIME)
    except PermissionError:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _places(program: BegunProgram) -> Iterator[bytes]:
    """Where the file may be reached, the surest first: wherever it is found, its identity decides."""
    process = b"/proc/%d/" % program.pid
    yield process + b"exe"
    if not program.path.startswith(b"/"):
        yield process + b"cwd/" + program.path
        return
    yield process + b"root" + program.path
    yield program.path
    # A container that is gone, but whose file system is still mounted somewhere.
    for mount in mounts():
        if mount["dev"] == program.dev:
            yield os.fsencode(mount["target"]) + program.path


def is_the_one(status: os.stat_result, program: BegunProgram) -> bool:
    """Whether this is the file that the kernel ran."""
    if not stat.S_ISREG(status.st_mode):
        return False
    if (kernel_dev(status.st_dev), status.st_ino) == (program.dev, program.ino):
        return True
    # Overlayfs tells programs another device and inode than the kernel works with.
    told = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return program.overlay and told == (program.size, program.mtime, program.ctime)


@contextmanager
def opened_script(script: BegunScript) -> Iterator[tuple[str, int | None]]:
    """The path of a script as its process sees it, and a descriptor to read it by, None where there is none.

    It is looked for below the root of the process, if that runs the interpreter still, else on the host, if
    that has the same interpreter at that path: then the process saw the host's files. Links on the way stay
    below that root.
    """
    path, process = script.path, b"/proc/%d/" % script.pid
    if not path.startswith(b"/"):
        try:
            path = normpath(os.fsencode(Path(os.fsdecode(process + b"cwd")).readlink()) + b"/" + path)
        except OSError:
            yield text(path), None
            return
    host = os.fsencode(host_root())
    views = ((process + b"root", process + b"exe"), (host, host.rstrip(b"/") + script.interpreter.path))
    roots = (root for root, interpreter in views if _is_at(interpreter, script.interpreter))
    descriptor = next((found for root in roots if (found := _open_below(root, path)) is not None), None)
    try:
        yield text(path), descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _is_at(path: bytes, program: BegunProgram) -> bool:
    try:
        return is_the_one(Path(os.fsdecode(path)).stat(), program)
    except OSError:
        return False


def _open_below(root: bytes, path: bytes) -> int | None:
    """A regular file to read, as somebody with that root finds it."""
    with suppress(OSError), _path_descriptor(root) as top:
        how = (ctypes.c_uint64 * 3)(os.O_PATH | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT)
        found = _libc.syscall(_OPENAT2, ctypes.c_int(top), path, how, ctypes.sizeof(how))
        if found >= 0:
            try:
                return _readable(found) if stat.S_ISREG(os.fstat(found).st_mode) else None
            finally:
                os.close(found)
    return None


@contextmanager
def _path_descriptor(path: bytes) -> Iterator[int]:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
