"""Files that are there whole or not at all, readable by their owner alone.

Each is written beside its name and put there in one step, so that a full disk, Ctrl-C, SIGTERM or a mistake
leaves what was there before, and nothing half written. A program that is killed leaves a hidden `.part` file
that nothing takes for a capture. A capture that is there is never written over: it is evidence.
"""

from __future__ import annotations

import errno
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO, NoReturn

from capture.format.blocks import PREFIX

_REMEDIES = {
    errno.ENOSPC: "make room there, or write it elsewhere",
    errno.EDQUOT: "make room there, or write it elsewhere",
    errno.EFBIG: "no file may be so large there; write it elsewhere",
    errno.EROFS: "write it elsewhere",
    errno.EEXIST: "",
}
"""What helps where a file cannot be written, by errors that nothing else raises."""
_ENDING = ("SIGTERM", "SIGHUP")
"""Signals that end a program where it stands, unless it asks to be told."""


@contextmanager
def placed(
    path: Path, *, replaces: bool = True, captures_too: bool = False, synced: bool = True
) -> Iterator[BinaryIO]:
    """A file to write into, which is put in its place once it is whole.

    Args:
        path: where; a link is followed, so that it stays one.
        replaces: whether an older file may be there; an empty one always may.
        captures_too: whether that may be a capture.
        synced: whether it shall also be whole when the power fails right after.

    Raises:
        FileExistsError: A file is there that may not be replaced.
        OSError: It cannot be written, or something else than a file is there; what was there stays. The
            error names the path.
    """
    _check(path, replaces=replaces, captures_too=captures_too)
    place, name = path.resolve(), ""
    with _ended_in_order():
        try:
            descriptor, name = tempfile.mkstemp(".part", ".exhume-", place.parent)
            with os.fdopen(descriptor, "wb") as stream:
                yield stream
                stream.flush()
                if synced:
                    os.fsync(descriptor)
            if replaces or place.exists():
                _check(path, replaces=replaces, captures_too=captures_too)
                Path(name).replace(place)
            else:
                _link(name, place)
        except BaseException as error:
            if isinstance(error, OSError) and (error.filename is None or name in _names_of(error)):
                # Whoever asked knows the file by its own name.
                error.filename, error.filename2 = str(path), None
            raise
        finally:
            if name:
                Path(name).unlink(missing_ok=True)


def reason_of(error: OSError) -> str:
    """What went wrong with which file, and what helps; for people, not yet printable."""
    name = f"{error.filename}: " if error.filename else ""
    remedy = _REMEDIES.get(error.errno or 0)
    return f"{name}{error.strerror or error}{f'; {remedy}' if remedy else ''}"


def is_of_writing(error: OSError) -> bool:
    """Whether an error can only come from writing."""
    return error.errno in _REMEDIES


def _check(path: Path, *, replaces: bool, captures_too: bool) -> None:
    if not os.path.lexists(path):
        return
    if path.exists() and not path.is_file():
        # Of a device or a pipe nothing may be left but itself, whatever the user may do.
        raise OSError(errno.EINVAL, "this is no file; - is standard output", str(path))
    if not replaces and (path.is_symlink() or path.stat().st_size):
        raise FileExistsError(errno.EEXIST, "this exists already; name another file", str(path))
    if replaces and not captures_too and _is_capture(path):
        raise FileExistsError(errno.EEXIST, "this is a capture, and evidence; name another file", str(path))


def _is_capture(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(PREFIX)) == PREFIX
    except OSError:
        return False


def _link(name: str, place: Path) -> None:
    """Give a file its name, unless somebody else has taken it meanwhile."""
    try:
        os.link(name, place)
    except FileExistsError as error:
        raise FileExistsError(errno.EEXIST, "this exists already; name another file", str(place)) from error
    except OSError:
        # Sticks and shares may know no second names.
        Path(name).rename(place)


def _names_of(error: OSError) -> str:
    return f"{error.filename} {error.filename2}"


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Signals that would end the program at once end what goes on as Ctrl-C does."""
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    is_main = threading.current_thread() is threading.main_thread()
    ours = [one for one in numbers if is_main and signal.getsignal(one) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
